package modules

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

// postgresLogin are the arguments with which every module for PostgreSQL reaches
// its server. Embed it in the argument struct and call connect.
type postgresLogin struct {
	LoginUser     string      `arg:"login_user" alias:"login" doc:"Role to log in as; PGUSER or postgres when not given."`
	LoginPassword string      `arg:"login_password" nolog:"true" default:"" doc:"That role's password."`
	LoginHost     string      `arg:"login_host" alias:"host" default:"" doc:"Where the server runs; empty is a socket on this machine."`
	LoginSocket   string      `arg:"login_unix_socket" alias:"unix_socket" default:"" doc:"Folder of the server's socket, where login_host is empty or localhost."`
	LoginPort     int         `arg:"login_port" alias:"port" doc:"Port of the server; PGPORT or 5432 when not given."`
	SSLMode       string      `arg:"ssl_mode" default:"prefer" choices:"allow,disable,prefer,require,verify-ca,verify-full" doc:"How much the connection is to be encrypted."`
	CACert        string      `arg:"ca_cert" alias:"ssl_rootcert" doc:"Certificates of the authorities that the server's must be signed by."`
	SSLCert       string      `arg:"ssl_cert" type:"path" doc:"The client's certificate."`
	SSLKey        string      `arg:"ssl_key" type:"path" doc:"Key of the client's certificate."`
	ConnectParams *value.Dict `arg:"connect_params" doc:"Further parameters of libpq's; they win over the others."`
	SessionRole   string      `arg:"session_role" doc:"Role to become after the login."`
	TrustInput    bool        `arg:"trust_input" default:"true" doc:"Taken for compatibility: names and values are always quoted."`
}

// postgresServer is one database of a server. Statements go to it by way of the
// host's own psql: one process a script, the statements on its standard input, so
// that no password in them is to be seen in a list of processes.
type postgresServer struct {
	h       target.Host
	argv    []string
	env     []string
	prelude string
	version int // as server_version_num: 150004
}

// connect makes sure that the server answers for the database.
func (l *postgresLogin) connect(ctx context.Context, h target.Host, database string) (*postgresServer, error) {
	if _, err := h.LookPath("psql"); err != nil {
		return nil, Failf("psql is not installed on this host: install the client of PostgreSQL (postgresql-client)")
	}
	// Unaligned rows, \x1f between columns, \x1d for NULL.
	argv := []string{"psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-F", "\x1f", "-P", "null=" + postgresNull, "-f", "-", "-d", l.conninfo(h, database)}
	s := &postgresServer{h: h, argv: argv}
	if l.LoginPassword != "" {
		s.env = []string{"PGPASSWORD=" + l.LoginPassword}
	}
	rows, err := s.query(ctx, "SHOW server_version_num")
	if err != nil {
		return nil, Failf("unable to connect to database: %w", err)
	}
	if len(rows) > 0 {
		s.version, _ = strconv.Atoi(rows[0][0])
	}
	if l.SessionRole != "" {
		s.prelude = "SET ROLE " + postgresName(l.SessionRole) + ";\n"
	}
	return s, nil
}

const postgresNull = "\x1d"

// conninfo gives the connection as libpq writes it.
func (l *postgresLogin) conninfo(h target.Host, database string) string {
	params := value.NewDict(8)
	put := func(key string, choices ...string) {
		for _, text := range choices {
			if text != "" {
				params.Put(key, value.Str(text))
				return
			}
		}
	}
	put("dbname", database)
	put("user", l.LoginUser, h.Getenv("PGUSER"), "postgres")
	port := ""
	if l.LoginPort != 0 {
		port = strconv.Itoa(l.LoginPort)
	}
	put("port", port, h.Getenv("PGPORT"), "5432")
	if l.LoginSocket != "" && (l.LoginHost == "" || l.LoginHost == "localhost") {
		put("host", l.LoginSocket)
	} else {
		put("host", l.LoginHost)
	}
	put("sslmode", l.SSLMode)
	put("sslrootcert", l.CACert)
	put("sslcert", l.SSLCert)
	put("sslkey", l.SSLKey)
	params.Update(l.ConnectParams)
	var words []string
	for _, e := range params.Entries() {
		text := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value.String(e.Val))
		words = append(words, value.String(e.Key)+"='"+text+"'")
	}
	return strings.Join(words, " ")
}

var psqlPlace = regexp.MustCompile(`(?m)^psql:(<stdin>:\d+: |-:\d+: )?`)

// query runs statements in one session and gives the rows of all their results;
// none of the values may hold a newline.
func (s *postgresServer) query(ctx context.Context, statements string) ([][]string, error) {
	out, err := runToolWith(ctx, s.h, target.Cmd{Argv: s.argv, Env: s.env, Stdin: strings.NewReader(s.prelude + statements + ";\n")})
	if err != nil {
		return nil, err
	}
	if out.RC != 0 {
		return nil, Failf("%s", psqlPlace.ReplaceAllString(out.said(), ""))
	}
	var rows [][]string
	for _, line := range splitLines(out.Stdout) {
		rows = append(rows, strings.Split(line, "\x1f"))
	}
	return rows, nil
}

// has reports whether a query gives any row.
func (s *postgresServer) has(ctx context.Context, query string) (bool, error) {
	rows, err := s.query(ctx, query)
	return len(rows) > 0, err
}

// perform runs statements, each a change, and notes them under key.
func (s *postgresServer) perform(ctx context.Context, c *Call, res *Result, key string, statements ...string) error {
	res.Changed = res.Changed || len(statements) > 0
	res.Set(key, value.Strings(statements...))
	if c.Check || len(statements) == 0 {
		return nil
	}
	_, err := s.query(ctx, strings.Join(statements, ";\n"))
	return err
}

// postgresQuote writes a text as a literal of SQL.
func postgresQuote(s string) string {
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return " E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}

// postgresName writes a name so that nothing in it means anything to SQL.
func postgresName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// postgresNames writes a list of names.
func postgresNames(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = postgresName(name)
	}
	return strings.Join(quoted, ",")
}
