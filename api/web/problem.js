/**
 * A request that the server refused; programs go by `status` and `code`.  Of status 0 are `not_connected` (nothing was
 * asked) and `outcome_unknown` (the line was cut before the answer).
 */
export class PhoneBarProblem extends Error {
  /** @param {number} status  0 when nobody answered  @param {object} problem  RFC 9457 document */
  constructor(status, problem) {
    super(problem.detail || problem.title || problem.code || `HTTP ${status}`);
    this.name = 'PhoneBarProblem';
    this.status = status;
    this.code = problem.code ?? 'no_answer';
    this.state = problem.state ?? null;
    this.allowed = problem.allowed ?? [];
    this.problem = problem;
  }
}
