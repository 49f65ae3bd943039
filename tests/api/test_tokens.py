"""Tokens and what they may do."""

from api.tokens import Scope, Token, TokenList
from tests.api.city import TOKENS, WORDS


def test_a_token_is_found_by_its_hash_alone() -> None:
    """What is too long, no text or another word is nobody's."""
    tokens = TokenList(TOKENS)
    for name, word in WORDS.items():
        found = tokens.find(word)
        assert found is not None
        assert found.name == name
    for word in ("", "x", f" {WORDS['read']}", WORDS["read"].upper(), "x" * 600, "\udcff"):
        assert tokens.find(word) is None


def test_the_hash_itself_is_no_token() -> None:
    """Who reads the configuration cannot sign in with it."""
    assert TokenList(TOKENS).find(TOKENS[0].sha256) is None


def test_scopes_do_not_imply_each_other_but_admin_does() -> None:
    """An agent's token does not open recordings."""
    agent = Token(name="bar", sha256="00" * 32, scopes=("agent",))
    admin = Token(name="root", sha256="00" * 32, scopes=("admin",))
    assert agent.may({Scope.AGENT, Scope.SUPERVISOR})
    assert not agent.may({Scope.READ, Scope.SUPERVISOR})
    assert admin.may({Scope.SUPERVISOR})
