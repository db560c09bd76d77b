package modules

import (
	"context"
	"slices"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type mysqlDBArgs struct {
	Name      []string `arg:"name" alias:"db" required:"true" doc:"The databases; all stands for every one, with state dump or import."`
	State     string   `arg:"state" default:"present" choices:"absent,dump,import,present" doc:"Whether the databases are there; dump writes them to target, import reads target."`
	Encoding  string   `arg:"encoding" default:"" doc:"Character set of a new database, and of a dump or import."`
	Collation string   `arg:"collation" default:"" doc:"Order of texts in a new database."`
	Check     bool     `arg:"check_implicit_admin" default:"false" doc:"Try root without a password before the given login."`
	mysqlDumpArgs
	mysqlLogin
}

// mysqlDBModule makes databases be there or not, dumps and imports them.
func mysqlDBModule() Module {
	return Define(Spec{
		Name:    "community.mysql.mysql_db",
		Summary: "Create, drop, dump and import MySQL databases",
		Doc: "Makes databases of MySQL or MariaDB be there or not; or writes them to a file, or runs a file of SQL. Encoding and collation count for new databases only. dump and import are a change every time.\n" +
			"It speaks through the host's own programs mysql (or mariadb) and mysqldump (or mariadb-dump); no Python library is needed. Of use_shell, pipefail, unsafe_login_password and config_overrides_defaults nothing has to be chosen here: they are taken and change nothing.",
		Check:    CheckFull,
		Examples: "- name: A database for the shop\n  community.mysql.mysql_db:\n    name: shop\n    encoding: utf8mb4\n    login_unix_socket: /run/mysqld/mysqld.sock\n\n- name: Keep a copy of it\n  community.mysql.mysql_db:\n    name: shop\n    state: dump\n    target: /var/backups/shop.sql.gz\n",
		Returns: []Return{
			{"db", "str", "always", "The names of the databases, with spaces between."},
			{"db_list", "list", "always", "The names of the databases."},
			{"executed_commands", "list", "when something was run", "The statements and commands that were run."},
		},
	}, runMySQLDB)
}

func runMySQLDB(ctx context.Context, h target.Host, c *Call, a *mysqlDBArgs) (*Result, error) {
	names := make([]string, len(a.Name))
	for i, name := range a.Name {
		names[i] = strings.TrimSpace(name)
	}
	res := new(Result).Set("db", strings.Join(names, " ")).Set("db_list", names)
	if len(names) == 0 {
		return res, nil
	}
	if err := a.verify(names); err != nil {
		return nil, err
	}
	s, err := a.connectAdmin(ctx, h, a.Check)
	if err != nil {
		return nil, err
	}
	there, missing, err := mysqlDatabases(ctx, s, names)
	if err != nil {
		return nil, err
	}
	switch a.State {
	case "absent":
		return res, applyMySQL(ctx, s, c, res, each(there, func(n string) string { return "DROP DATABASE " + mysqlName(n) }))
	case "present":
		return res, applyMySQL(ctx, s, c, res, each(missing, a.create))
	case "dump":
		return res, a.dump(ctx, s, c, res, names, missing)
	}
	return res, a.load(ctx, s, c, res, names, missing)
}

// verify refuses arguments that do not go together.
func (a *mysqlDBArgs) verify(names []string) error {
	moves := a.State == "dump" || a.State == "import"
	switch {
	case a.State == "import" && len(names) > 1:
		return Failf("Multiple databases are not supported with state=import")
	case moves && a.Target == "":
		return Failf("with state=%s target is required", a.State)
	case !moves && slices.Equal(names, []string{"all"}):
		return Failf("name is not allowed to equal 'all' unless state equals import, or dump.")
	case slices.Contains(a.IgnoreTables, ""):
		return Failf("Name of ignored table cannot be empty")
	}
	return nil
}

// connectAdmin connects as root without a password where that is to be tried
// first and works, else as the task says.
func (l *mysqlLogin) connectAdmin(ctx context.Context, h target.Host, tryRoot bool) (*mysqlServer, error) {
	if tryRoot {
		root := *l
		root.LoginUser, root.LoginPassword, root.ConfigFile = "root", "", ""
		if s, err := root.connect(ctx, h); err == nil {
			return s, nil
		}
	}
	return l.connect(ctx, h)
}

// mysqlDatabases tells the names that are there from those that are not.
func mysqlDatabases(ctx context.Context, s *mysqlServer, names []string) (there, missing []string, err error) {
	rows, err := s.query(ctx, "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")
	if err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		if slices.ContainsFunc(rows, func(r mysqlRow) bool { return r.text(0) == name }) {
			there = append(there, name)
		} else {
			missing = append(missing, name)
		}
	}
	return there, missing, nil
}

func (a *mysqlDBArgs) create(name string) string {
	statement := "CREATE DATABASE " + mysqlName(name)
	if a.Encoding != "" {
		statement += " CHARACTER SET " + mysqlQuote(a.Encoding)
	}
	if a.Collation != "" {
		statement += " COLLATE " + mysqlQuote(a.Collation)
	}
	return statement
}

func each(names []string, statement func(string) string) []string {
	var all []string
	for _, name := range names {
		all = append(all, statement(name))
	}
	return all
}

// applyMySQL runs statements, each a change, and notes them in the result.
func applyMySQL(ctx context.Context, s *mysqlServer, c *Call, res *Result, statements []string) error {
	res.Changed = res.Changed || len(statements) > 0
	if c.Check {
		return nil
	}
	res.Set("executed_commands", value.Strings(statements...))
	for _, statement := range statements {
		if _, err := s.query(ctx, statement); err != nil {
			return Failf("%s: %w", statement, err)
		}
	}
	return nil
}
