package modules

import (
	"context"

	"drover/modules/target"
)

type postgresSchemaArgs struct {
	Name    string `arg:"name" alias:"schema" required:"true" doc:"The schema."`
	DB      string `arg:"login_db" alias:"db,database" default:"postgres" doc:"The database that it is in."`
	State   string `arg:"state" default:"present" choices:"absent,present" doc:"Whether it is there."`
	Owner   string `arg:"owner" default:"" doc:"Role that owns it."`
	Cascade bool   `arg:"cascade_drop" default:"false" doc:"Drop what is in it as well."`
	Comment string `arg:"comment" default:"" doc:"Comment on it."`
	postgresLogin
}

// postgresSchemaModule makes a schema be in a database or not.
func postgresSchemaModule() Module {
	return Define(Spec{
		Name:     "community.postgresql.postgresql_schema",
		Summary:  "Manage schemas of PostgreSQL databases",
		Doc:      "Makes a schema be in a database or not, with its owner.\nIt speaks through the host's own psql; no Python library is needed.",
		Check:    CheckFull,
		Examples: "- name: A schema for reports\n  community.postgresql.postgresql_schema:\n    name: reports\n    login_db: shop\n    owner: shop\n  become: true\n  become_user: postgres\n",
		Returns:  []Return{{"schema", "str", "always", "The schema."}, {"queries", "list", "always", "The statements that were run."}},
	}, runPostgresSchema)
}

func runPostgresSchema(ctx context.Context, h target.Host, c *Call, a *postgresSchemaArgs) (*Result, error) {
	s, err := a.connect(ctx, h, a.DB)
	if err != nil {
		return nil, err
	}
	rows, err := s.query(ctx, "SELECT pg_get_userbyid(nspowner), coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace WHERE nspname = "+postgresQuote(a.Name))
	if err != nil {
		return nil, err
	}
	res := new(Result).Set("schema", a.Name)
	if err := s.perform(ctx, c, res, "queries", a.statements(rows)...); err != nil {
		return nil, Failf("Database query failed: %w", err)
	}
	return res, nil
}

// statements gives what leads to the state asked for; rows holds owner and
// comment of the schema that is there.
func (a *postgresSchemaArgs) statements(rows [][]string) []string {
	name := postgresName(a.Name)
	var statements []string
	owner, comment := "", ""
	if len(rows) > 0 {
		owner, comment = rows[0][0], rows[0][1]
	}
	switch {
	case a.State == "absent" && len(rows) == 0:
		return nil
	case a.State == "absent" && a.Cascade:
		return []string{"DROP SCHEMA " + name + " CASCADE"}
	case a.State == "absent":
		return []string{"DROP SCHEMA " + name}
	case len(rows) == 0 && a.Owner != "":
		statements = append(statements, "CREATE SCHEMA "+name+" AUTHORIZATION "+postgresName(a.Owner))
	case len(rows) == 0:
		statements = append(statements, "CREATE SCHEMA "+name)
	case a.Owner != "" && a.Owner != owner:
		statements = append(statements, "ALTER SCHEMA "+name+" OWNER TO "+postgresName(a.Owner))
	}
	if a.Comment != "" && a.Comment != comment {
		statements = append(statements, "COMMENT ON SCHEMA "+name+" IS "+postgresQuote(a.Comment))
	}
	return statements
}
