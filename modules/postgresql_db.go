package modules

import (
	"context"
	"path/filepath"
	"strconv"
	"strings"

	"drover/modules/target"
)

type postgresDBArgs struct {
	Name        string `arg:"name" alias:"db" required:"true" doc:"The database."`
	State       string `arg:"state" default:"present" choices:"absent,dump,present,rename,restore" doc:"Whether it is there; dump writes it to target, restore reads it from there, rename gives it the name target."`
	Owner       string `arg:"owner" default:"" doc:"Role that owns it."`
	Template    string `arg:"template" default:"" doc:"Database that a new one is copied from."`
	Encoding    string `arg:"encoding" default:"" doc:"Encoding of a new database."`
	LCCollate   string `arg:"lc_collate" default:"" doc:"Order of texts in a new database. With another one than template's, template must be template0."`
	LCCtype     string `arg:"lc_ctype" default:"" doc:"Classes of characters in a new database."`
	ConnLimit   string `arg:"conn_limit" default:"" doc:"Number of connections allowed; -1 is no limit."`
	Tablespace  string `arg:"tablespace" default:"" doc:"Tablespace that it is in."`
	Target      string `arg:"target" type:"path" default:"" doc:"File of dump and restore: SQL (.sql), custom (.pgc), tar (.tar), folder (.dir), also packed (.gz, .bz2, .xz); or the new name."`
	TargetOpts  string `arg:"target_opts" default:"" doc:"Further arguments for pg_dump, pg_restore or psql."`
	ExtraArgs   string `arg:"dump_extra_args" doc:"Further arguments for pg_dump."`
	Maintenance string `arg:"maintenance_db" default:"postgres" doc:"Database to connect to meanwhile."`
	Force       bool   `arg:"force" default:"false" doc:"End the connections to a database that is to go."`
	postgresLogin
}

// postgresDBModule makes a database be there or not, dumps and restores it.
func postgresDBModule() Module {
	return Define(Spec{
		Name:    "community.postgresql.postgresql_db",
		Summary: "Create, drop, dump and restore PostgreSQL databases",
		Doc: "Makes a database be there or not, with its owner, limit and tablespace; or writes it to a file, reads it from one, or renames it. Encoding and locales of a database that is there can't be changed: asking for others is an error.\n" +
			"It speaks through the host's own psql, pg_dump and pg_restore; no Python library is needed.",
		Check:    CheckFull,
		Examples: "- name: A database for the shop\n  community.postgresql.postgresql_db:\n    name: shop\n    owner: shop\n  become: true\n  become_user: postgres\n",
		Returns: []Return{
			{"db", "str", "always", "The database."},
			{"executed_commands", "list", "always", "The statements and commands that were run."},
		},
	}, runPostgresDB)
}

func runPostgresDB(ctx context.Context, h target.Host, c *Call, a *postgresDBArgs) (*Result, error) {
	res := new(Result).Set("db", a.Name)
	if a.State == "dump" || a.State == "restore" {
		return res, a.move(ctx, h, c, res)
	}
	if err := a.verifyRename(); err != nil {
		return nil, err
	}
	s, err := a.connect(ctx, h, a.Maintenance)
	if err != nil {
		return nil, err
	}
	now, err := a.read(ctx, s)
	if err != nil {
		return nil, err
	}
	statements, err := a.statements(ctx, s, now, c.Check)
	if err != nil {
		return nil, err
	}
	if err := s.perform(ctx, c, res, "executed_commands", statements...); err != nil {
		return nil, Failf("Database query failed: %w", err)
	}
	return res, nil
}

func (a *postgresDBArgs) verifyRename() error {
	switch {
	case a.State != "rename":
		return nil
	case a.Target == "":
		return Failf(`The "target" option must be defined when the "rename" option is used.`)
	case a.Target == a.Name:
		return Failf(`The "name/db" option and the "target" option cannot be the same.`)
	case a.Maintenance == a.Name:
		return Failf(`The "maintenance_db" option and the "name/db" option cannot be the same.`)
	}
	return nil
}

// postgresDB is a database as it is.
type postgresDB struct {
	owner, encoding, collate, ctype, limit, tablespace string
	sameEncoding                                       bool
}

// read gives the database, nil when there is none.
func (a *postgresDBArgs) read(ctx context.Context, s *postgresServer) (*postgresDB, error) {
	rows, err := s.query(ctx, "SELECT r.rolname, pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, d.datconnlimit, t.spcname, d.encoding = pg_char_to_encoding("+postgresQuote(a.Encoding)+
		") FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = "+postgresQuote(a.Name))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	r := rows[0]
	return &postgresDB{r[0], r[1], r[2], r[3], r[4], r[5], r[6] == "t"}, nil
}

// statements gives what leads from now to the state asked for. Check mode tells
// of a change that can't be made, which is an error otherwise.
func (a *postgresDBArgs) statements(ctx context.Context, s *postgresServer, now *postgresDB, check bool) ([]string, error) {
	switch {
	case a.State == "absent" && now == nil:
		return nil, nil
	case a.State == "absent":
		return a.dropped(s), nil
	case a.State == "rename":
		return a.renamed(ctx, s, now)
	case now == nil:
		return []string{a.created()}, nil
	}
	if err := a.fixed(now); err != nil {
		if check {
			return []string{"ALTER DATABASE " + postgresName(a.Name)}, nil
		}
		return nil, err
	}
	return a.altered(now), nil
}

func (a *postgresDBArgs) dropped(s *postgresServer) []string {
	drop := "DROP DATABASE " + postgresName(a.Name)
	switch {
	case !a.Force:
		return []string{drop}
	case s.version >= 130000:
		return []string{drop + " WITH (FORCE)"}
	}
	return []string{"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = " + postgresQuote(a.Name), drop}
}

func (a *postgresDBArgs) renamed(ctx context.Context, s *postgresServer, now *postgresDB) ([]string, error) {
	taken, err := s.has(ctx, "SELECT 1 FROM pg_database WHERE datname = "+postgresQuote(a.Target))
	switch {
	case err != nil:
		return nil, err
	case now == nil && taken:
		return nil, nil
	case now == nil:
		return nil, Failf("The source and the target databases do not exist.")
	case taken:
		return nil, Failf("Both the source and the target databases exist.")
	}
	return []string{"ALTER DATABASE " + postgresName(a.Name) + " RENAME TO " + postgresName(a.Target)}, nil
}

func (a *postgresDBArgs) created() string {
	statement := "CREATE DATABASE " + postgresName(a.Name)
	add := func(word, given, written string) {
		if given != "" {
			statement += " " + word + " " + written
		}
	}
	add("OWNER", a.Owner, postgresName(a.Owner))
	add("TEMPLATE", a.Template, postgresName(a.Template))
	add("ENCODING", a.Encoding, postgresQuote(a.Encoding))
	add("LC_COLLATE", a.LCCollate, postgresQuote(a.LCCollate))
	add("LC_CTYPE", a.LCCtype, postgresQuote(a.LCCtype))
	add("TABLESPACE", a.Tablespace, postgresName(a.Tablespace))
	add("CONNECTION LIMIT", a.ConnLimit, a.ConnLimit)
	return statement
}

// fixed refuses what PostgreSQL can't change.
func (a *postgresDBArgs) fixed(now *postgresDB) error {
	switch {
	case a.Encoding != "" && !now.sameEncoding:
		return Failf("Changing database encoding is not supported. Current encoding: %s", now.encoding)
	case a.LCCollate != "" && a.LCCollate != now.collate:
		return Failf("Changing LC_COLLATE is not supported. Current LC_COLLATE: %s", now.collate)
	case a.LCCtype != "" && a.LCCtype != now.ctype:
		return Failf("Changing LC_CTYPE is not supported.Current LC_CTYPE: %s", now.ctype)
	}
	if _, err := strconv.Atoi(a.ConnLimit); a.ConnLimit != "" && err != nil {
		return Failf("conn_limit must be a number, not %q", a.ConnLimit)
	}
	return nil
}

func (a *postgresDBArgs) altered(now *postgresDB) []string {
	var statements []string
	alter := func(want, have, clause string) {
		if want != "" && want != have {
			statements = append(statements, "ALTER DATABASE "+postgresName(a.Name)+" "+clause)
		}
	}
	alter(a.Owner, now.owner, "OWNER TO "+postgresName(a.Owner))
	alter(a.ConnLimit, now.limit, "CONNECTION LIMIT "+a.ConnLimit)
	alter(a.Tablespace, now.tablespace, "SET TABLESPACE "+postgresName(a.Tablespace))
	return statements
}

// move dumps or restores.
func (a *postgresDBArgs) move(ctx context.Context, h target.Host, c *Call, res *Result) error {
	if a.Target == "" {
		a.Target = filepath.Join(h.Getenv("HOME"), a.Name+".sql")
	}
	if c.Check {
		return nil // of files nothing is foretold
	}
	res.Changed = true
	m := &postgresMove{postgresDBArgs: a, h: h}
	var err error
	if a.State == "dump" {
		err = m.dump(ctx)
	} else {
		err = m.restore(ctx)
	}
	res.Set("executed_commands", []string{strings.Join(m.argv, " ")}).Set("cmd", strings.Join(m.argv, " ")).Set("rc", 0)
	return err
}
