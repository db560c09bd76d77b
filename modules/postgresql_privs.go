package modules

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"drover/modules/target"
)

type postgresPrivsArgs struct {
	DB          string `arg:"login_db" alias:"database,db" required:"true" doc:"The database to connect to, which holds the objects."`
	State       string `arg:"state" default:"present" choices:"absent,present" doc:"Whether the privileges are granted."`
	Privs       string `arg:"privs" alias:"priv" doc:"The privileges, with commas; ALL is all that the type has."`
	Type        string `arg:"type" default:"table" choices:"table,sequence,function,procedure,database,schema,language,tablespace,group,default_privs,foreign_data_wrapper,foreign_server,type,parameter" doc:"What the objects are; group means that roles become members of the objects."`
	Objs        string `arg:"objs" alias:"obj" doc:"The objects, with commas; ALL_IN_SCHEMA all of the type in the schema, ALL_DEFAULT all kinds with default_privs. Arguments of functions have colons between them. A database's default is login_db."`
	Schema      string `arg:"schema" doc:"Schema of tables, sequences, functions, procedures, types and default privileges, public when not given; not-specified means none."`
	Roles       string `arg:"roles" alias:"role" required:"true" doc:"The roles that get or lose them, with commas; PUBLIC is everybody."`
	TargetRoles string `arg:"target_roles" doc:"Roles whose future objects default_privs is about."`
	GrantOption *bool  `arg:"grant_option" alias:"admin_option" doc:"Whether the roles may pass them on; not given leaves that alone."`
	FailOnRole  bool   `arg:"fail_on_role" default:"true" doc:"Fail when a role is missing, instead of leaving it out."`
	postgresLogin
}

// postgresPrivsModule grants and revokes privileges on PostgreSQL's objects.
func postgresPrivsModule() Module {
	return Define(Spec{
		Name:    "community.postgresql.postgresql_privs",
		Summary: "Grant and revoke privileges on PostgreSQL objects",
		Doc: "Makes roles have privileges on objects of a database, or not have them; also default privileges of objects to come, and memberships.\n" +
			"Whether that is a change is what the objects' access lists show before and after; in check mode the same is done and taken back.\n" +
			"It speaks through the host's own psql; no Python library is needed.",
		Check:    CheckFull,
		Examples: "- name: Reports may read the shop's tables\n  community.postgresql.postgresql_privs:\n    login_db: shop\n    type: table\n    objs: ALL_IN_SCHEMA\n    privs: SELECT\n    roles: reports\n  become: true\n  become_user: postgres\n",
		Returns:  []Return{{"queries", "list", "always", "The statements that were run."}},
	}, runPostgresPrivs)
}

func runPostgresPrivs(ctx context.Context, h target.Host, c *Call, a *postgresPrivsArgs) (*Result, error) {
	p, err := a.plan()
	if err != nil {
		return nil, err
	}
	s, err := a.connect(ctx, h, a.DB)
	if err != nil {
		return nil, err
	}
	res := new(Result).Set("queries", []string{})
	missing, err := p.existingRoles(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, role := range missing {
		if a.FailOnRole {
			return nil, Failf("Role '%s' does not exist", role)
		}
		res.Warnings = append(res.Warnings, "Role '"+role+"' does not exist, nothing to do")
	}
	if len(p.roles) == 0 {
		return res, nil
	}
	statements := p.statements()
	before, after, err := s.tried(ctx, c, p.state(), statements)
	if err != nil {
		return nil, err
	}
	res.Changed = !slices.Equal(before, after)
	if !res.Changed {
		statements = []string{}
	}
	return res.Set("queries", statements), nil
}

// tried runs statements in a transaction and gives what a query shows before and
// after them; check mode takes them back.
func (s *postgresServer) tried(ctx context.Context, c *Call, query string, statements []string) (before, after []string, err error) {
	const mark = "\x1c"
	end := "COMMIT"
	if c.Check {
		end = "ROLLBACK"
	}
	script := slices.Concat([]string{"BEGIN", query, "SELECT '" + mark + "'"}, statements, []string{query, end})
	rows, err := s.query(ctx, strings.Join(script, ";\n"))
	if err != nil {
		return nil, nil, err
	}
	part := &before
	for _, r := range rows {
		if r[0] == mark {
			part = &after
			continue
		}
		*part = append(*part, strings.Join(r, "\x1f"))
	}
	return before, after, nil
}

// privsPlan is what postgresql_privs does, in SQL's words.
type privsPlan struct {
	*postgresPrivsArgs
	kind   string   // the type as SQL writes it
	objs   []string // names, or kinds of objects with default_privs
	all    bool     // all objects of the schema
	privs  string
	roles  []string // PUBLIC alone is everybody
	public bool
}

// privilege is a word of SQL's, such as SELECT, TEMP or ALTER SYSTEM, with
// columns or without.
var privilege = regexp.MustCompile(`^[A-Z ]+(\([^()]+\))?$`)

// plan checks how the arguments fit and fills in what they leave out.
func (a *postgresPrivsArgs) plan() (*privsPlan, error) {
	p := &privsPlan{postgresPrivsArgs: a, kind: strings.ToUpper(strings.ReplaceAll(a.Type, "_", " "))}
	inSchema := slices.Contains([]string{"table", "sequence", "function", "procedure", "type", "default_privs"}, a.Type)
	switch {
	case !inSchema && a.Schema != "":
		return nil, Failf(`Argument "schema" is not allowed for type "%s".`, a.Type)
	case inSchema && a.Schema == "":
		a.Schema = "public"
	case a.Schema == "not-specified":
		a.Schema = ""
	}
	switch {
	case a.Type == "group" && a.Privs != "":
		return nil, Failf(`Argument "privs" is not allowed for type "group".`)
	case a.Type != "group" && a.Privs == "":
		return nil, Failf(`Argument "privs" is required for type "%s".`, a.Type)
	case a.Objs == "" && a.Type == "database":
		a.Objs = a.DB
	case a.Objs == "":
		return nil, Failf(`Argument "objs" is required for type "%s".`, a.Type)
	}
	for _, word := range splitPrivileges(a.Privs) {
		if word = strings.ToUpper(word); a.Privs != "" && !privilege.MatchString(word) {
			return nil, Failf("Invalid privileges specified: %s", word)
		}
	}
	p.privs = strings.ToUpper(a.Privs)
	p.public = strings.EqualFold(a.Roles, "PUBLIC")
	p.roles = splitNames(a.Roles)
	return p, p.readObjs()
}

// splitNames splits at commas and drops the spaces around.
func splitNames(text string) []string {
	var names []string
	for _, name := range strings.Split(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func (p *privsPlan) readObjs() error {
	switch {
	case p.Objs == "ALL_IN_SCHEMA":
		if !slices.Contains([]string{"table", "sequence", "function", "procedure"}, p.Type) {
			return Failf(`Argument "objs": ALL_IN_SCHEMA can be used only for type: table, sequence, function or procedure, %s was passed.`, p.Type)
		}
		p.all = true
	case p.Type == "default_privs" && p.Objs == "ALL_DEFAULT":
		p.objs = []string{"TABLES", "SEQUENCES", "FUNCTIONS", "TYPES"}
	case p.Type == "default_privs":
		p.objs = splitNames(strings.ToUpper(p.Objs))
		for _, kind := range p.objs {
			if !slices.Contains([]string{"TABLES", "SEQUENCES", "FUNCTIONS", "TYPES", "SCHEMAS", "LARGE OBJECTS"}, kind) {
				return Failf("Invalid Object set specified: %s", kind)
			}
		}
	default:
		p.objs = splitNames(p.Objs)
	}
	return nil
}

// existingRoles leaves only roles that are there in the plan and gives the
// others.
func (p *privsPlan) existingRoles(ctx context.Context, s *postgresServer) (missing []string, err error) {
	if p.public {
		return nil, nil
	}
	rows, err := s.query(ctx, "SELECT rolname FROM pg_roles")
	if err != nil {
		return nil, err
	}
	there := make([]string, len(rows))
	for i, r := range rows {
		there[i] = r[0]
	}
	missing = without(p.roles, there)
	p.roles = without(p.roles, missing)
	return missing, nil
}

// identifiers gives the objects as SQL names them.
func (p *privsPlan) identifiers() string {
	names := make([]string, len(p.objs))
	for i, obj := range p.objs {
		name, args, isFunction := strings.Cut(obj, "(")
		names[i] = postgresName(name)
		if p.Type == "parameter" {
			names[i] = obj
		}
		if p.Schema != "" {
			names[i] = postgresName(p.Schema) + "." + names[i]
		}
		if isFunction {
			names[i] += "(" + strings.ReplaceAll(args, ":", ",")
		}
	}
	return strings.Join(names, ",")
}

func (p *privsPlan) statements() []string {
	if p.Type == "default_privs" {
		return p.defaultStatements()
	}
	what := p.privs + " ON " + p.kind + " " + p.identifiers()
	option, revokeOption := " WITH GRANT OPTION", "REVOKE GRANT OPTION FOR "
	switch {
	case p.Type == "group":
		what, option, revokeOption = p.identifiers(), " WITH ADMIN OPTION", "REVOKE ADMIN OPTION FOR "
	case p.all:
		what = p.privs + " ON ALL " + p.kind + "S IN SCHEMA " + postgresName(p.Schema)
	}
	return p.granted(what, p.whom(), option, revokeOption)
}

// granted gives the statements for what is granted to whom or revoked.
func (p *privsPlan) granted(what, whom, option, revokeOption string) []string {
	switch {
	case p.State == "absent":
		return []string{"REVOKE " + what + " FROM " + whom}
	case p.GrantOption == nil:
		return []string{"GRANT " + what + " TO " + whom}
	case *p.GrantOption:
		return []string{"GRANT " + what + " TO " + whom + option}
	}
	return []string{"GRANT " + what + " TO " + whom, revokeOption + what + " FROM " + whom}
}

func (p *privsPlan) whom() string {
	if p.public {
		return "PUBLIC"
	}
	return postgresNames(p.roles)
}

func (p *privsPlan) defaultStatements() []string {
	prefix := "ALTER DEFAULT PRIVILEGES "
	if roles := splitNames(p.TargetRoles); len(roles) > 0 {
		prefix += "FOR ROLE " + postgresNames(roles) + " "
	}
	if p.Schema != "" {
		prefix += "IN SCHEMA " + postgresName(p.Schema) + " "
	}
	var all []string
	for _, kind := range p.objs {
		for _, statement := range p.granted(p.privs+" ON "+kind, p.whom(), " WITH GRANT OPTION", "REVOKE GRANT OPTION FOR ") {
			all = append(all, prefix+statement)
		}
	}
	return all
}

// privsCatalogs hold the access lists of the types: catalog and column.
var privsCatalogs = map[string][2]string{
	"function": {"pg_proc", "proacl"}, "procedure": {"pg_proc", "proacl"}, "database": {"pg_database", "datacl"},
	"schema": {"pg_namespace", "nspacl"}, "language": {"pg_language", "lanacl"}, "tablespace": {"pg_tablespace", "spcacl"},
	"foreign_data_wrapper": {"pg_foreign_data_wrapper", "fdwacl"}, "foreign_server": {"pg_foreign_server", "srvacl"},
	"type": {"pg_type", "typacl"}, "parameter": {"pg_parameter_acl", "paracl"},
}

// state gives the query that shows the access lists the plan is about. Those of
// objects it leaves alone don't change meanwhile and need no filter.
func (p *privsPlan) state() string {
	switch p.Type {
	case "group":
		return "SELECT roleid, member, admin_option FROM pg_auth_members ORDER BY 1, 2, 3"
	case "default_privs":
		return "SELECT oid, defaclacl FROM pg_default_acl ORDER BY oid"
	case "table", "sequence":
		// Columns have lists of their own.
		return "SELECT oid, relacl FROM pg_class WHERE relkind IN ('r','v','m','p','f','S') ORDER BY oid; SELECT attrelid, attnum, attacl FROM pg_attribute WHERE attacl IS NOT NULL ORDER BY 1, 2"
	}
	t := privsCatalogs[p.Type]
	return "SELECT oid, " + t[1] + " FROM pg_catalog." + t[0] + " ORDER BY oid"
}
