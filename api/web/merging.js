/**
 * Two people changed one document: what each of them did, and both together.  Objects are merged key by key; a list is
 * one value, as an order cannot be merged without knowing what it means.
 */

const isTable = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/**
 * Where three versions of a document differ.
 * @param {object} base  what both began with @param {object} theirs @param {object} mine
 * @returns {{path: string[], base: unknown, theirs: unknown, mine: unknown, both: boolean}[]}  `both`: one has to be chosen
 */
export function differencesOf(base, theirs, mine, path = []) {
  if (same(theirs, mine) && same(base, mine)) return [];
  if (isTable(theirs) && isTable(mine)) {
    const from = isTable(base) ? base : {};
    const keys = new Set([...Object.keys(from), ...Object.keys(theirs), ...Object.keys(mine)]);
    return [...keys].flatMap((key) => differencesOf(from[key], theirs[key], mine[key], [...path, key]));
  }
  return [{ path, base, theirs, mine, both: !same(theirs, mine) && !same(base, theirs) && !same(base, mine) }];
}

/**
 * Theirs with what I changed on top; where both changed the same, what was chosen.
 * @param {Map<string, 'mine'|'theirs'>} chosen  by the path, joined with dots; theirs where nothing is said
 */
export function merged(base, theirs, mine, chosen) {
  const result = structuredClone(theirs);
  for (const found of differencesOf(base, theirs, mine)) {
    const takesMine = found.both ? chosen.get(found.path.join('.')) === 'mine' : !same(found.base, found.mine);
    if (takesMine) put(result, found.path, found.mine);
  }
  return result;
}

function put(table, path, value) {
  let here = table;
  for (const key of path.slice(0, -1)) here = here[key] = isTable(here[key]) ? here[key] : {};
  const last = path.at(-1);
  if (value === undefined) delete here[last];
  else here[last] = structuredClone(value);
}
