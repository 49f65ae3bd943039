"""Typed settings of the machine: one frozen dataclass a table of the TOML file.

`config.load` fills them and reports every mistake at once; the business (agents, queues, flows) only seeds an
empty database from here.  Field metadata: `doc` and `unit` go into `config/softswitch.example.toml`;
`minimum`, `maximum`, `pattern`, `kind`, `secret` are checked at load; `example` stands there for keys without a default.
"""
