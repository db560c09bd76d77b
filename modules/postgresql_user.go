package modules

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"drover/modules/target"
)

type postgresUserArgs struct {
	Name       string  `arg:"name" alias:"user" required:"true" doc:"The role."`
	State      string  `arg:"state" default:"present" choices:"absent,present" doc:"Whether it is there."`
	Password   *string `arg:"password" nolog:"true" doc:"Its password, in the clear or as PostgreSQL keeps it (md5…, SCRAM-SHA-256$…); empty takes it away."`
	DB         string  `arg:"login_db" alias:"db" default:"" doc:"Database to connect to."`
	FailOnUser bool    `arg:"fail_on_user" alias:"fail_on_role" default:"true" doc:"Fail when the role can't be dropped, because something belongs to it."`
	Flags      string  `arg:"role_attr_flags" default:"" doc:"Attributes with commas: SUPERUSER, CREATEROLE, CREATEDB, INHERIT, LOGIN, REPLICATION, BYPASSRLS, each also with NO before it."`
	Encrypted  bool    `arg:"encrypted" default:"true" doc:"The password is kept as a hash; PostgreSQL from 10 on knows no other way."`
	NoPassword bool    `arg:"no_password_changes" default:"false" doc:"Leave the password of a role that is there."`
	Expires    *string `arg:"expires" doc:"When the password ends to be valid, a time or infinity."`
	ConnLimit  *int    `arg:"conn_limit" doc:"Number of connections allowed; -1 is no limit."`
	Comment    *string `arg:"comment" doc:"Comment on the role."`
	postgresLogin
}

// postgresUserModule makes a role of PostgreSQL be there or not.
func postgresUserModule() Module {
	return Define(Spec{
		Name:    "community.postgresql.postgresql_user",
		Summary: "Manage roles of PostgreSQL that can log in",
		Doc: "Makes a role of PostgreSQL be there or not, with its password, attributes, limit and comment. Privileges are postgresql_privs's and memberships postgresql_membership's business.\n" +
			"Whether a password has to be set is told from what PostgreSQL keeps of it; a login that may not see that sets it each time. A password with other than ASCII characters is compared as it is, without SASLprep.\n" +
			"It speaks through the host's own psql; no Python library is needed.",
		Check:    CheckFull,
		Examples: "- name: The shop's role\n  community.postgresql.postgresql_user:\n    name: shop\n    password: \"{{ shop_password }}\"\n    role_attr_flags: CREATEDB,NOSUPERUSER\n  become: true\n  become_user: postgres\n",
		Returns: []Return{
			{"queries", "list", "always", "The statements that were run, with names in place of the values."},
			{"user", "str", "always", "The role."},
		},
	}, runPostgresUser)
}

func runPostgresUser(ctx context.Context, h target.Host, c *Call, a *postgresUserArgs) (*Result, error) {
	flags, err := a.flags()
	if err != nil {
		return nil, err
	}
	db := a.DB
	if db == "" {
		db = "postgres"
	}
	s, err := a.connect(ctx, h, db)
	if err != nil {
		return nil, err
	}
	there, err := s.has(ctx, "SELECT 1 FROM pg_roles WHERE rolname = "+postgresQuote(a.Name))
	if err != nil {
		return nil, err
	}
	u := &postgresUser{postgresUserArgs: a, s: s, c: c, flags: flags, res: new(Result).Set("user", a.Name).Set("queries", []string{})}
	switch {
	case a.State == "absent" && there:
		err = u.drop(ctx)
	case a.State == "absent":
	case there:
		err = u.alter(ctx)
	default:
		err = u.create(ctx)
	}
	if err == nil && a.State == "present" {
		err = u.comment(ctx, there)
	}
	if err != nil {
		return nil, err
	}
	return u.res.Set("queries", u.queries), nil
}

// roleFlags are the attributes and the columns of pg_authid that hold them.
var roleFlags = map[string]string{
	"SUPERUSER": "rolsuper", "CREATEROLE": "rolcreaterole", "CREATEUSER": "rolsuper", "CREATEDB": "rolcreatedb",
	"INHERIT": "rolinherit", "LOGIN": "rolcanlogin", "REPLICATION": "rolreplication", "BYPASSRLS": "rolbypassrls",
}

// flags gives the attributes in upper case.
func (a *postgresUserArgs) flags() ([]string, error) {
	var flags []string
	for _, f := range strings.Split(a.Flags, ",") {
		if f = strings.ToUpper(strings.TrimSpace(f)); f == "" || slices.Contains(flags, f) {
			continue
		}
		if _, ok := flagColumn(f); !ok {
			return nil, Failf("Invalid role_attr_flags specified: %s", f)
		}
		flags = append(flags, f)
	}
	return flags, nil
}

// flagColumn gives the column of an attribute, with or without NO.
func flagColumn(flag string) (string, bool) {
	if column, ok := roleFlags[flag]; ok {
		return column, true
	}
	column, ok := roleFlags[strings.TrimPrefix(flag, "NO")]
	return column, ok
}

// postgresUser is the work on one role.
type postgresUser struct {
	*postgresUserArgs
	s       *postgresServer
	c       *Call
	flags   []string
	res     *Result
	queries []string
}

// do runs a statement, a change; shown is what the result tells of it.
func (u *postgresUser) do(ctx context.Context, statement, shown string) error {
	u.res.Changed = true
	u.queries = append(u.queries, shown)
	if u.c.Check {
		return nil
	}
	_, err := u.s.query(ctx, statement)
	return err
}

// drop removes the role, which PostgreSQL refuses while something is its own.
func (u *postgresUser) drop(ctx context.Context) error {
	drop := "DROP USER " + postgresName(u.Name)
	err := u.do(ctx, drop, drop)
	if err != nil && u.FailOnUser {
		return Failf("Unable to remove user: %w", err)
	}
	u.res.Changed = err == nil
	u.res.Set("user_removed", err == nil)
	return nil
}

// clauses gives the statement's parts, once with values and once with their
// names.
func (u *postgresUser) clauses(verb string, password bool) (statement, shown string) {
	both := func(text string) { statement, shown = statement+" "+text, shown+" "+text }
	statement, shown = verb+" USER "+postgresName(u.Name), verb+" USER "+postgresName(u.Name)
	switch {
	case password && *u.Password == "":
		both("WITH PASSWORD NULL")
	case password:
		word := "ENCRYPTED"
		if !u.Encrypted {
			word = "UNENCRYPTED"
		}
		both("WITH " + word + " PASSWORD")
		statement, shown = statement+" "+postgresQuote(*u.Password), shown+" %(password)s"
	case len(u.flags) > 0:
		both("WITH")
	}
	if len(u.flags) > 0 {
		both(strings.Join(u.flags, " "))
	}
	if u.Expires != nil {
		statement, shown = statement+" VALID UNTIL "+postgresQuote(*u.Expires), shown+" VALID UNTIL %(expires)s"
	}
	if u.ConnLimit != nil {
		both("CONNECTION LIMIT " + strconv.Itoa(*u.ConnLimit))
	}
	return statement, shown
}

func (u *postgresUser) create(ctx context.Context) error {
	statement, shown := u.clauses("CREATE", u.Password != nil && *u.Password != "")
	if err := u.do(ctx, statement, shown); err != nil {
		return Failf("Unable to add user with given requirement due to : %w", err)
	}
	return nil
}

func (u *postgresUser) alter(ctx context.Context) error {
	if u.Password == nil && len(u.flags) == 0 && u.Expires == nil && u.ConnLimit == nil {
		return nil
	}
	password, err := u.passwordDiffers(ctx)
	if err != nil {
		return err
	}
	differs := []string{"false"}
	for _, f := range u.flags {
		column, _ := flagColumn(f)
		_, on := roleFlags[f]
		differs = append(differs, column+" IS DISTINCT FROM "+strconv.FormatBool(on))
	}
	if u.Expires != nil {
		differs = append(differs, "rolvaliduntil IS DISTINCT FROM "+postgresQuote(*u.Expires)+"::timestamptz")
	}
	if u.ConnLimit != nil {
		differs = append(differs, "rolconnlimit <> "+strconv.Itoa(*u.ConnLimit))
	}
	other, err := u.s.has(ctx, "SELECT 1 FROM pg_roles WHERE rolname = "+postgresQuote(u.Name)+" AND ("+strings.Join(differs, " OR ")+")")
	if err != nil || (!other && !password) {
		return err
	}
	statement, shown := u.clauses("ALTER", password)
	return u.do(ctx, statement, shown)
}

// passwordDiffers reports whether the password has to be set.
func (u *postgresUser) passwordDiffers(ctx context.Context) (bool, error) {
	if u.Password == nil || u.NoPassword {
		return false, nil
	}
	rows, err := u.s.query(ctx, "SELECT rolpassword FROM pg_authid WHERE rolname = "+postgresQuote(u.Name))
	if err != nil || len(rows) == 0 {
		return true, nil // this login may not see it
	}
	kept := rows[0][0]
	if kept == postgresNull {
		return *u.Password != "", nil
	}
	return !postgresPasswordIs(u.Name, *u.Password, kept), nil
}

func (u *postgresUser) comment(ctx context.Context, there bool) error {
	if u.Comment == nil {
		return nil
	}
	if there {
		same, err := u.s.has(ctx, "SELECT 1 FROM pg_roles WHERE rolname = "+postgresQuote(u.Name)+" AND coalesce(shobj_description(oid, 'pg_authid'), '') = "+postgresQuote(*u.Comment))
		if err != nil || same {
			return err
		}
	}
	return u.do(ctx, "COMMENT ON ROLE "+postgresName(u.Name)+" IS "+postgresQuote(*u.Comment), "COMMENT ON ROLE "+postgresName(u.Name)+" IS %(comment)s")
}
