package modules

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type mysqlInfoArgs struct {
	Filter  []string `arg:"filter" doc:"What to tell: version, databases, settings, global_status, users, users_info, engines, master_status, slave_status, slave_hosts; with ! before it, what not. Everything when not given."`
	DB      string   `arg:"login_db" doc:"Database to log in to."`
	Exclude []string `arg:"exclude_fields" doc:"What to leave out of databases: db_size, db_table_count."`
	Empty   bool     `arg:"return_empty_dbs" default:"false" doc:"Tell of databases without tables too."`
	mysqlLogin
}

// mysqlInfoModule tells about a server.
func mysqlInfoModule() Module {
	return Define(Spec{
		Name:     "community.mysql.mysql_info",
		Summary:  "Tell about a MySQL server",
		Doc:      "Tells the version, databases, settings, accounts, engines and replication of MySQL or MariaDB. Numbers come as numbers.",
		Check:    CheckFull,
		Examples: "- community.mysql.mysql_info:\n    filter: version\n    login_unix_socket: /run/mysqld/mysqld.sock\n  register: mysql\n",
		Returns: []Return{
			{"server_engine", "str", "always", "MySQL or MariaDB."},
			{"version", "dict", "if not filtered", "major, minor, release, suffix and full."},
			{"databases", "dict", "if not filtered", "size and tables of each."},
			{"settings", "dict", "if not filtered", "Global variables."},
			{"global_status", "dict", "if not filtered", "Counters of the server."},
			{"users", "dict", "if not filtered", "The rows of mysql.user by host and name."},
			{"users_info", "list", "if not filtered", "Accounts in the words of mysql_user."},
			{"engines", "dict", "if not filtered", "Storage engines."},
			{"master_status", "dict", "if not filtered", "The server as a source of replication."},
			{"slave_status", "dict", "if not filtered", "The server as a replica, by host, port and user of its source."},
			{"slave_hosts", "dict", "if not filtered", "Its replicas."},
		},
	}, runMySQLInfo)
}

// mysqlTopics are what can be told, in the order in which it is told.
var mysqlTopics = []string{"version", "databases", "settings", "global_status", "engines", "users", "users_info", "master_status", "slave_hosts", "slave_status"}

func runMySQLInfo(ctx context.Context, h target.Host, _ *Call, a *mysqlInfoArgs) (*Result, error) {
	s, err := a.connect(ctx, h)
	if err != nil {
		return nil, err
	}
	if a.DB != "" {
		s.argv = append(s.argv, "--database="+a.DB)
	}
	res := new(Result)
	engine := "MySQL"
	if s.mariaDB {
		engine = "MariaDB"
	}
	res.Set("server_engine", engine)
	wanted, warnings := a.wanted()
	res.Warnings = warnings
	info := &mysqlInfo{s: s, mysqlInfoArgs: a}
	for _, topic := range wanted {
		v, err := info.tell(ctx, topic)
		if err != nil {
			return nil, Failf("Cannot tell %s: %w", topic, err)
		}
		res.Set(topic, v)
	}
	return res, nil
}

// wanted gives the topics to tell of. Topics that are named count, and those
// taken away only where none is named.
func (a *mysqlInfoArgs) wanted() (topics, warnings []string) {
	var named, taken []string
	for _, word := range a.Filter {
		word = strings.TrimSpace(word)
		name, isTaken := strings.CutPrefix(word, "!")
		switch {
		case !slices.Contains(mysqlTopics, name):
			warnings = append(warnings, "filter element: "+word+" is not allowable, ignored")
		case isTaken:
			taken = append(taken, name)
		default:
			named = append(named, name)
		}
	}
	for _, topic := range mysqlTopics {
		if slices.Contains(named, topic) || named == nil && !slices.Contains(taken, topic) {
			topics = append(topics, topic)
		}
	}
	return topics, warnings
}

// mysqlInfo asks the server.
type mysqlInfo struct {
	*mysqlInfoArgs
	s *mysqlServer
}

func (m *mysqlInfo) tell(ctx context.Context, topic string) (any, error) {
	switch topic {
	case "version":
		return mysqlVersion(m.s.version), nil
	case "databases":
		return m.databases(ctx)
	case "settings":
		return m.pairs(ctx, "SHOW GLOBAL VARIABLES")
	case "global_status":
		return m.pairs(ctx, "SHOW GLOBAL STATUS")
	case "engines":
		return m.nested(ctx, "SHOW ENGINES", mysqlField.plain, "Engine")
	case "users":
		return m.nested(ctx, "SELECT * FROM mysql.user", mysqlField.number, "Host", "User")
	case "users_info":
		return m.accounts(ctx)
	case "master_status":
		return m.replication(ctx, []string{"SHOW MASTER STATUS", "SHOW BINARY LOG STATUS"})
	case "slave_hosts":
		return m.replication(ctx, []string{"SHOW SLAVE HOSTS", "SHOW REPLICAS"}, "Server_id")
	}
	return m.replication(ctx, []string{"SHOW SLAVE STATUS", "SHOW REPLICA STATUS"}, "Master_Host", "Master_Port", "Master_User")
}

// mysqlVersion takes 10.11.6-MariaDB-0+deb12u1 apart.
func mysqlVersion(full string) *value.Dict {
	parts := strings.SplitN(full, ".", 3)
	for len(parts) < 3 {
		parts = append(parts, "0")
	}
	release, suffix, _ := strings.Cut(parts[2], "-")
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	return value.DictOf("major", number(parts[0]), "minor", number(parts[1]), "release", number(release), "suffix", suffix, "full", full)
}

func (f mysqlField) plain() value.Value {
	if f.Null {
		return value.None
	}
	return value.Str(f.Text)
}

// number gives whole numbers as such.
func (f mysqlField) number() value.Value {
	if n, err := strconv.ParseInt(strings.TrimSpace(f.Text), 10, 64); err == nil && !f.Null {
		return value.Int(n)
	}
	return f.plain()
}

// pairs gives a result of two columns as a dict.
func (m *mysqlInfo) pairs(ctx context.Context, query string) (*value.Dict, error) {
	rows, err := m.s.query(ctx, query)
	d := value.NewDict(len(rows))
	for _, r := range rows {
		if len(r) > 1 {
			d.Put(r[0].Text, r[1].number())
		}
	}
	return d, err
}

// nested gives rows by the columns that are keys, the first one outermost.
func (m *mysqlInfo) nested(ctx context.Context, query string, of func(mysqlField) value.Value, keys ...string) (*value.Dict, error) {
	rows, err := m.s.query(ctx, query)
	all := new(value.Dict)
	for _, r := range rows {
		at := all
		for _, key := range keys {
			i := slices.IndexFunc(r, func(f mysqlField) bool { return f.Name == key })
			if i < 0 {
				continue
			}
			inner, ok := at.At(value.String(of(r[i]))).(*value.Dict)
			if !ok {
				inner = new(value.Dict)
				at.Put(value.String(of(r[i])), inner)
			}
			at = inner
		}
		for _, f := range r {
			if !slices.Contains(keys, f.Name) {
				at.Put(f.Name, of(f))
			}
		}
	}
	return all, err
}

// replication is nested for a statement whose name changed in MySQL 8.4.
func (m *mysqlInfo) replication(ctx context.Context, queries []string, keys ...string) (d *value.Dict, err error) {
	for _, query := range queries {
		if d, err = m.nested(ctx, query, mysqlField.number, keys...); err == nil {
			break
		}
	}
	return d, err
}

func (m *mysqlInfo) databases(ctx context.Context) (*value.Dict, error) {
	rows, err := m.s.query(ctx, "SELECT table_schema, COALESCE(SUM(data_length + index_length), 0), COUNT(table_name) FROM information_schema.TABLES GROUP BY table_schema")
	if err != nil {
		return nil, err
	}
	if m.Empty {
		all, err := m.s.query(ctx, "SHOW DATABASES")
		if err != nil {
			return nil, err
		}
		for _, r := range all {
			if !slices.ContainsFunc(rows, func(known mysqlRow) bool { return known.text(0) == r.text(0) }) {
				rows = append(rows, mysqlRow{{Text: r.text(0)}, {Text: "0"}, {Text: "0"}})
			}
		}
	}
	d := value.NewDict(len(rows))
	for _, r := range rows {
		about := new(value.Dict)
		if !slices.Contains(m.Exclude, "db_size") {
			about.Put("size", r[1].number())
		}
		if !slices.Contains(m.Exclude, "db_table_count") {
			about.Put("tables", r[2].number())
		}
		d.Put(r.text(0), about)
	}
	return d, nil
}
