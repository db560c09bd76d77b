package modules

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type mysqlUserArgs struct {
	User           string      `arg:"name" alias:"user" required:"true" doc:"The user's name; empty is the anonymous user."`
	Host           string      `arg:"host" default:"localhost" doc:"Where the user comes from: part of the account's name."`
	HostAll        bool        `arg:"host_all" default:"false" doc:"Every account of that name; they have to be there."`
	State          string      `arg:"state" default:"present" choices:"absent,present" doc:"Whether the account is there."`
	Password       string      `arg:"password" nolog:"true" doc:"The password."`
	Encrypted      bool        `arg:"encrypted" default:"false" doc:"password is the hash that mysql_native_password keeps, *SHA1(SHA1(password))."`
	UpdatePassword string      `arg:"update_password" default:"always" choices:"always,on_create,on_new_username" doc:"When the password is set: always, for new accounts, or for names that no account had; else a new account takes over the one of its namesakes."`
	Plugin         string      `arg:"plugin" doc:"Authentication plugin instead of a password."`
	PluginHash     string      `arg:"plugin_hash_string" nolog:"true" doc:"What the plugin keeps."`
	PluginAuth     string      `arg:"plugin_auth_string" nolog:"true" doc:"What the plugin makes that of. It counts as changed whenever what is kept differs."`
	Priv           value.Value `arg:"priv" type:"raw" doc:"Privileges: db.table:PRIV,PRIV/db.table:PRIV, or a dict of these. GRANT stands for the option to pass them on."`
	CaseSensitive  bool        `arg:"column_case_sensitive" default:"true" doc:"Columns in priv are named as they are written, not in upper case."`
	Append         bool        `arg:"append_privs" default:"false" doc:"Grant priv besides what the account has."`
	Subtract       bool        `arg:"subtract_privs" default:"false" doc:"Take priv away from what the account has."`
	TLSRequires    *value.Dict `arg:"tls_requires" doc:"What is asked of the client's certificate: SSL, X509, SUBJECT, ISSUER, CIPHER."`
	Limits         *value.Dict `arg:"resource_limits" doc:"MAX_QUERIES_PER_HOUR, MAX_UPDATES_PER_HOUR, MAX_CONNECTIONS_PER_HOUR, MAX_USER_CONNECTIONS, and with MariaDB MAX_STATEMENT_TIME."`
	CheckImplicit  bool        `arg:"check_implicit_admin" default:"false" doc:"Try root without a password before the given login."`
	LogBin         bool        `arg:"sql_log_bin" default:"true" doc:"Whether this goes into the binary log."`
	Salt           string      `arg:"salt" nolog:"true" doc:"Salt of 20 letters for caching_sha2_password and sha256_password, so that plugin_auth_string can be compared."`
	Expire         string      `arg:"password_expire" choices:"default,interval,never,now" doc:"When the password expires; default is as the server's settings say."`
	ExpireDays     *int        `arg:"password_expire_interval" doc:"Days after which it does, with password_expire interval."`
	Locked         *bool       `arg:"locked" doc:"Nobody can log in with the account."`
	Attributes     *value.Dict `arg:"attributes" doc:"Notes on the account, which MySQL 8 keeps; null takes one away."`
	SessionVars    *value.Dict `arg:"session_vars" doc:"Variables of the server's that are set for this session."`
	ForceContext   bool        `arg:"force_context" default:"false" doc:"Run in the database mysql, for replication filters."`
	mysqlLogin
}

// mysqlUserModule makes accounts of MySQL and MariaDB be there or not, with
// password, privileges and limits.
func mysqlUserModule() Module {
	return Define(Spec{
		Name:    "community.mysql.mysql_user",
		Summary: "Manage accounts of MySQL and their privileges",
		Doc: "Makes an account of MySQL or MariaDB be there or not, with its password, its privileges and what is asked of its connections.\n" +
			"Without append_privs or subtract_privs the privileges become exactly those of priv, but for root, who loses none on objects that priv does not name.\n" +
			"It speaks through the host's own client, mysql or mariadb; no Python library is needed. The server has to be MySQL 5.7, MariaDB 10.2 or later.",
		Check:    CheckFull,
		Examples: "- name: The shop may use its database\n  community.mysql.mysql_user:\n    name: shop\n    password: \"{{ shop_password }}\"\n    priv: 'shop.*:ALL'\n    login_unix_socket: /run/mysqld/mysqld.sock\n",
		Returns: []Return{
			{"user", "str", "always", "The user's name."},
			{"password_changed", "bool", "always", "Whether the password was set; null where check mode can't tell."},
			{"attributes", "dict", "always", "The account's notes, null for none."},
			{"msg", "str", "always", "What was done."},
		},
		MutuallyExclusive: [][]string{{"append_privs", "subtract_privs"}},
		RequiredIf:        []RequiredIf{{Arg: "password_expire", Value: "interval", Needs: []string{"password_expire_interval"}}},
	}, runMySQLUser)
}

func runMySQLUser(ctx context.Context, h target.Host, c *Call, a *mysqlUserArgs) (*Result, error) {
	if err := a.verify(); err != nil {
		return nil, err
	}
	s, err := a.connectAdmin(ctx, h, a.CheckImplicit)
	if err != nil {
		return nil, err
	}
	s.prelude = a.prelude()
	priv, err := a.privileges()
	if err != nil {
		return nil, err
	}
	a.Host = strings.ToLower(a.Host)
	hosts, err := a.accounts(ctx, s)
	if err != nil {
		return nil, err
	}
	u := &mysqlUser{mysqlUserArgs: a, s: s, c: c, priv: priv, msg: "User unchanged"}
	res := new(Result).Set("user", a.User)
	switch {
	case a.State == "absent":
		err = u.drop(ctx, hosts)
	case len(hosts) > 0:
		err = u.modify(ctx, hosts)
	case a.HostAll:
		err = Failf("host_all parameter cannot be used when adding a user")
	default:
		err = u.add(ctx)
	}
	if err != nil {
		return nil, err
	}
	res.Changed, res.Msg = u.changed, u.msg
	return res.Set("password_changed", u.passwordChanged).Set("attributes", orNull(u.attributes)), nil
}

// verify refuses arguments that do not go together.
func (a *mysqlUserArgs) verify() error {
	switch {
	case a.ExpireDays != nil && *a.ExpireDays < 1:
		return Failf("password_expire_interval value should be positive number")
	case a.Salt == "":
		return nil
	case a.PluginAuth == "":
		return Failf("salt requires plugin_auth_string")
	case len(a.Salt) != 20:
		return Failf("salt must be 20 characters long")
	case a.Plugin != "caching_sha2_password" && a.Plugin != "sha256_password":
		return Failf("salt requires caching_sha2_password or sha256_password plugin")
	}
	return nil
}

// orNull gives a dict, none where there is nothing in it.
func orNull(d *value.Dict) value.Value {
	if d.Len() == 0 {
		return value.None
	}
	return d
}

// prelude gives the statements that the session starts with.
func (a *mysqlUserArgs) prelude() string {
	var b strings.Builder
	if a.ForceContext {
		b.WriteString("USE mysql;\n")
	}
	if !a.LogBin {
		b.WriteString("SET SQL_LOG_BIN=0;\n")
	}
	for _, e := range a.SessionVars.Entries() {
		text := value.String(e.Val)
		if _, isText := value.AsString(e.Val); isText {
			text = mysqlQuote(text)
		}
		fmt.Fprintf(&b, "SET SESSION %s = %s;\n", mysqlName(value.String(e.Key)), text)
	}
	return b.String()
}

// accounts gives the hosts of the accounts that are there.
func (a *mysqlUserArgs) accounts(ctx context.Context, s *mysqlServer) ([]string, error) {
	query := "SELECT Host FROM mysql.user WHERE User = " + mysqlQuote(a.User)
	if !a.HostAll {
		query += " AND Host = " + mysqlQuote(a.Host)
	}
	rows, err := s.query(ctx, query)
	var hosts []string
	for _, r := range rows {
		hosts = append(hosts, r.text(0))
	}
	return hosts, err
}

// mysqlUser is the work on one user's accounts.
type mysqlUser struct {
	*mysqlUserArgs
	s    *mysqlServer
	c    *Call
	priv *mysqlPrivileges // nil when none were given

	changed         bool
	msg             string
	passwordChanged any // nil in check mode of a new account
	attributes      *value.Dict
}

// do runs statements outside check mode, all of them a change.
func (u *mysqlUser) do(ctx context.Context, msg string, statements ...string) error {
	u.changed, u.msg = true, msg
	return u.run(ctx, statements...)
}

func (u *mysqlUser) run(ctx context.Context, statements ...string) error {
	if u.c.Check || len(statements) == 0 {
		return nil
	}
	_, err := u.s.query(ctx, strings.Join(statements, ";\n"))
	return err
}

func (u *mysqlUser) drop(ctx context.Context, hosts []string) error {
	u.passwordChanged, u.msg = false, "User doesn't exist"
	for _, host := range hosts {
		if err := u.do(ctx, "User deleted", "DROP USER "+mysqlAccount(u.User, host)); err != nil {
			return err
		}
	}
	return nil
}

func (u *mysqlUser) add(ctx context.Context) error {
	auth, reused, err := u.authentication(ctx)
	if err != nil {
		return err
	}
	account := mysqlAccount(u.User, u.Host)
	statements := []string{"CREATE USER " + account + auth + requireClause(u.TLSRequires)}
	if u.priv != nil && !u.Subtract {
		for _, object := range u.priv.objects {
			statements = append(statements, grantStatement(u.priv.on[object], object, account))
		}
	}
	if u.Limits != nil {
		statements = append(statements, "ALTER USER "+account+limitClause(u.Limits))
	}
	if u.Expire != "" {
		statements = append(statements, "ALTER USER "+account+u.expireClause())
	}
	if u.Locked != nil && *u.Locked {
		statements = append(statements, "ALTER USER "+account+" ACCOUNT LOCK")
	}
	if u.Attributes.Len() > 0 {
		if err := u.supportsAttributes(ctx); err != nil {
			return err
		}
		statements = append(statements, "ALTER USER "+account+attributeClause(u.Attributes))
		u.attributes = u.Attributes
	}
	u.passwordChanged = !reused
	if u.c.Check {
		u.passwordChanged = nil
	}
	return u.do(ctx, "User added", statements...)
}

// authentication gives the IDENTIFIED clause of a new account, and whether it is
// that of its namesakes.
func (u *mysqlUser) authentication(ctx context.Context) (clause string, reused bool, err error) {
	if u.UpdatePassword == "on_new_username" {
		rows, err := u.s.query(ctx, "SELECT DISTINCT plugin, authentication_string FROM mysql.user WHERE User = "+mysqlQuote(u.User))
		if err != nil {
			return "", false, err
		}
		if len(rows) == 1 {
			return identifiedAs(rows[0].text(0), rows[0].text(1)), true, nil
		}
	}
	if u.Password != "" {
		hash, err := u.hash()
		return identifiedAs("mysql_native_password", hash), false, err
	}
	return u.pluginClause(), false, nil
}

func identifiedAs(plugin, hash string) string {
	return " IDENTIFIED WITH " + mysqlName(plugin) + " AS " + mysqlQuote(hash)
}

// pluginClause gives the IDENTIFIED clause of a plugin, "" without one.
func (u *mysqlUser) pluginClause() string {
	switch {
	case u.Plugin == "":
		return ""
	case u.PluginHash != "":
		return identifiedAs(u.Plugin, u.PluginHash)
	case u.PluginAuth == "":
		return " IDENTIFIED WITH " + mysqlName(u.Plugin)
	}
	with := " IDENTIFIED WITH " + mysqlName(u.Plugin)
	switch { // MariaDB's plugins want it otherwise
	case u.Plugin == "pam":
		return with + " USING " + mysqlQuote(u.PluginAuth)
	case u.Plugin == "ed25519":
		return with + " USING PASSWORD(" + mysqlQuote(u.PluginAuth) + ")"
	case u.Salt != "":
		return with + " AS 0x" + strings.ToUpper(hex.EncodeToString([]byte(saltedSHA256(u.PluginAuth, u.Salt))))
	}
	return with + " BY " + mysqlQuote(u.PluginAuth)
}

// hash gives what mysql_native_password keeps of the password.
func (a *mysqlUserArgs) hash() (string, error) {
	if !a.Encrypted {
		once := sha1.Sum([]byte(a.Password))
		twice := sha1.Sum(once[:])
		return "*" + strings.ToUpper(hex.EncodeToString(twice[:])), nil
	}
	if raw, err := hex.DecodeString(strings.TrimPrefix(a.Password, "*")); err != nil || len(raw) != 20 || a.Password[0] != '*' {
		return "", Failf("encrypted was specified however it does not appear to be a valid hash expecting: *SHA1(SHA1(your_password))")
	}
	return a.Password, nil
}

// modify makes accounts that are there be as asked for. In check mode it ends at
// the first difference, as the rest could depend on it.
func (u *mysqlUser) modify(ctx context.Context, hosts []string) error {
	u.passwordChanged = false
	for _, host := range hosts {
		for _, step := range []func(context.Context, string) error{u.setPassword, u.setExpiry, u.setPlugin, u.setPrivileges, u.setAttributes, u.setTLS, u.setLock, u.setLimits} {
			if err := step(ctx, host); err != nil {
				return err
			}
			if u.c.Check && u.changed {
				return nil
			}
		}
	}
	return nil
}

func (u *mysqlUser) setPassword(ctx context.Context, host string) error {
	if u.Password == "" || u.UpdatePassword != "always" {
		return nil
	}
	want, err := u.hash()
	if err != nil {
		return err
	}
	column := "authentication_string"
	if u.s.mariaDB {
		column = "COALESCE(NULLIF(Password, ''), authentication_string)"
	}
	now, err := u.s.row(ctx, "SELECT "+column+" FROM mysql.user WHERE User = "+mysqlQuote(u.User)+" AND Host = "+mysqlQuote(host))
	if err != nil || now.text(0) == want {
		return err
	}
	u.passwordChanged = true
	msg := "Password updated (new style)"
	if u.c.Check {
		msg = "Password updated"
	}
	return u.do(ctx, msg, "ALTER USER "+mysqlAccount(u.User, host)+identifiedAs("mysql_native_password", want))
}

func (u *mysqlUser) setPlugin(ctx context.Context, host string) error {
	if u.Plugin == "" || u.UpdatePassword != "always" {
		return nil
	}
	now, err := u.s.row(ctx, "SELECT plugin, authentication_string FROM mysql.user WHERE User = "+mysqlQuote(u.User)+" AND Host = "+mysqlQuote(host))
	if err != nil {
		return err
	}
	kept := u.PluginAuth
	if u.Salt != "" {
		kept = saltedSHA256(u.PluginAuth, u.Salt)
	}
	if now.text(0) == u.Plugin && (u.PluginHash == "" || now.text(1) == u.PluginHash) && (kept == "" || now.text(1) == kept) {
		return nil
	}
	u.passwordChanged = true
	return u.do(ctx, u.msg, "ALTER USER "+mysqlAccount(u.User, host)+u.pluginClause())
}
