package modules

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"drover/modules/target"
)

// mysqlLogin are the arguments with which every module for MySQL and MariaDB
// reaches its server. Embed it in the argument struct and call connect.
type mysqlLogin struct {
	LoginUser     string `arg:"login_user" doc:"User to log in as."`
	LoginPassword string `arg:"login_password" nolog:"true" doc:"That user's password."`
	LoginHost     string `arg:"login_host" default:"localhost" doc:"Where the server runs."`
	LoginPort     int    `arg:"login_port" default:"3306" doc:"Port of the server, for another login_host than localhost."`
	LoginSocket   string `arg:"login_unix_socket" doc:"Socket of a server on the same machine."`
	Timeout       int    `arg:"connect_timeout" default:"30" doc:"Seconds to wait for a connection."`
	ConfigFile    string `arg:"config_file" type:"path" default:"~/.my.cnf" doc:"File with a [client] section that holds what is not given here; empty reads none."`
	CACert        string `arg:"ca_cert" alias:"ssl_ca" type:"path" doc:"Certificate of the authority that signed the server's."`
	ClientCert    string `arg:"client_cert" alias:"ssl_cert" type:"path" doc:"The client's certificate."`
	ClientKey     string `arg:"client_key" alias:"ssl_key" type:"path" doc:"Key of the client's certificate."`
	CheckHostname *bool  `arg:"check_hostname" doc:"Whether the server's certificate must bear its name."`
}

// mysqlServer is a server that statements are sent to, by way of the host's own
// client program: one process a script, the statements on its standard input,
// so that no password in them is to be seen in a list of processes.
type mysqlServer struct {
	h       target.Host
	argv    []string // the client with its connection options
	env     []string
	prelude string // statements that every script starts with
	version string
	mariaDB bool
}

// connect finds the client program and makes sure that the server answers.
func (l *mysqlLogin) connect(ctx context.Context, h target.Host) (*mysqlServer, error) {
	program, err := mysqlProgram(h, "mysql", "mariadb")
	if err != nil {
		return nil, err
	}
	s := &mysqlServer{h: h, argv: append([]string{program}, l.options(h)...), env: l.env()}
	row, err := s.row(ctx, "SELECT VERSION()")
	if err != nil {
		return nil, Failf("unable to connect to database, check login_user and login_password are correct or %s has the credentials. Exception message: %w", l.ConfigFile, err)
	}
	s.version = row.text(0)
	s.mariaDB = strings.Contains(strings.ToLower(s.version), "mariadb")
	return s, nil
}

// mysqlProgram finds the first of the programs that is there: MariaDB names its
// own otherwise.
func mysqlProgram(h target.Host, names ...string) (string, error) {
	for _, name := range names {
		if path, err := h.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", Failf("Neither %s is installed on this host: install the client of MySQL or MariaDB (default-mysql-client)", strings.Join(names, " nor "))
}

// options gives the connection as options of the client.
func (l *mysqlLogin) options(h target.Host) []string {
	argv := []string{"--no-defaults"}
	if _, err := h.Stat(l.ConfigFile); l.ConfigFile != "" && !errors.Is(err, fs.ErrNotExist) {
		argv[0] = "--defaults-file=" + l.ConfigFile
	}
	add := func(option, value string) {
		if value != "" {
			argv = append(argv, "--"+option+"="+value)
		}
	}
	add("connect-timeout", strconv.Itoa(l.Timeout))
	add("user", l.LoginUser)
	add("socket", l.LoginSocket)
	if l.LoginSocket == "" && l.LoginHost != "localhost" {
		add("host", l.LoginHost)
		add("port", strconv.Itoa(l.LoginPort))
	}
	add("ssl-ca", l.CACert)
	add("ssl-cert", l.ClientCert)
	add("ssl-key", l.ClientKey)
	if l.CheckHostname != nil && *l.CheckHostname {
		argv = append(argv, "--ssl-verify-server-cert")
	}
	return argv
}

// env hands the password over where other users can't read it.
func (l *mysqlLogin) env() []string {
	if l.LoginPassword == "" {
		return nil
	}
	return []string{"MYSQL_PWD=" + l.LoginPassword}
}

// query runs statements and gives the rows of all their results.
func (s *mysqlServer) query(ctx context.Context, statements string) ([]mysqlRow, error) {
	cmd := target.Cmd{
		Argv:  append(append([]string(nil), s.argv...), "--batch", "--xml", "--default-character-set=utf8mb4"),
		Env:   s.env,
		Stdin: strings.NewReader(s.prelude + statements + ";\n"),
	}
	out, err := runToolWith(ctx, s.h, cmd)
	if err != nil {
		return nil, err
	}
	if out.RC != 0 {
		return nil, Failf("%s", out.said())
	}
	return parseMySQLRows(out.Stdout), nil
}

// row is query for what gives one row; no row at all gives an empty one.
func (s *mysqlServer) row(ctx context.Context, statements string) (mysqlRow, error) {
	rows, err := s.query(ctx, statements)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// mysqlRow is a row of a result, in the order of its columns.
type mysqlRow []mysqlField

type mysqlField struct {
	Name, Text string
	Null       bool
}

// text gives a column's text, "" for NULL and where there is no such column.
func (r mysqlRow) text(i int) string {
	if i >= len(r) {
		return ""
	}
	return r[i].Text
}

// parseMySQLRows reads the XML that the client writes: fields in rows, a line
// each, their text escaped.
func parseMySQLRows(xml string) []mysqlRow {
	var rows []mysqlRow
	for {
		_, rest, ok := strings.Cut(xml, "<row>\n")
		if !ok {
			return rows
		}
		body, after, _ := strings.Cut(rest, "</row>")
		rows = append(rows, parseMySQLRow(body))
		xml = after
	}
}

var mysqlUnescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&amp;", "&")

func parseMySQLRow(body string) mysqlRow {
	var row mysqlRow
	for {
		_, rest, ok := strings.Cut(body, `<field name="`)
		if !ok {
			return row
		}
		name, rest, _ := strings.Cut(rest, `"`)
		f := mysqlField{Name: mysqlUnescape.Replace(name)}
		if after, isNull := strings.CutPrefix(rest, ` xsi:nil="true" />`); isNull {
			f.Null, body = true, after
		} else {
			text, after, _ := strings.Cut(strings.TrimPrefix(rest, ">"), "</field>")
			f.Text, body = mysqlUnescape.Replace(text), after
		}
		row = append(row, f)
	}
}

// mysqlQuote writes a text as a literal of SQL.
func mysqlQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`, "\x1a", `\Z`).Replace(s) + "'"
}

// mysqlName writes the name of a database, table or variable so that nothing in
// it means anything to SQL.
func mysqlName(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }

// mysqlAccount writes an account as SQL names it.
func mysqlAccount(user, host string) string {
	return fmt.Sprintf("%s@%s", mysqlQuote(user), mysqlQuote(host))
}
