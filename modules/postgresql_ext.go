package modules

import (
	"context"

	"drover/modules/target"
)

type postgresExtArgs struct {
	Name    string `arg:"name" alias:"ext" required:"true" doc:"The extension."`
	DB      string `arg:"login_db" alias:"db" required:"true" doc:"The database that has it."`
	State   string `arg:"state" default:"present" choices:"absent,present" doc:"Whether it is there."`
	Schema  string `arg:"schema" doc:"Schema for its objects."`
	Version string `arg:"version" doc:"Its version; latest is the newest that the server offers."`
	Cascade bool   `arg:"cascade" default:"false" doc:"Also make what it needs, or drop what needs it."`
	postgresLogin
}

// postgresExtModule makes an extension be in a database or not.
func postgresExtModule() Module {
	return Define(Spec{
		Name:     "community.postgresql.postgresql_ext",
		Summary:  "Add extensions to PostgreSQL databases",
		Doc:      "Makes an extension be in a database or not, in a version. The files of the extension come from a package.\nIt speaks through the host's own psql; no Python library is needed.",
		Check:    CheckFull,
		Examples: "- name: Trigrams for the shop\n  community.postgresql.postgresql_ext:\n    name: pg_trgm\n    login_db: shop\n  become: true\n  become_user: postgres\n",
		Returns: []Return{
			{"queries", "list", "always", "The statements that were run."},
			{"prev_version", "str", "always", "The version before, empty when it was not there."},
			{"version", "str", "always", "The version now, empty when it is not there."},
		},
	}, runPostgresExt)
}

func runPostgresExt(ctx context.Context, h target.Host, c *Call, a *postgresExtArgs) (*Result, error) {
	s, err := a.connect(ctx, h, a.DB)
	if err != nil {
		return nil, err
	}
	now, err := s.value(ctx, "SELECT extversion FROM pg_extension WHERE extname = "+postgresQuote(a.Name))
	if err != nil {
		return nil, err
	}
	var statements []string
	if a.State == "absent" {
		statements = a.dropped(now)
	} else if statements, err = a.made(ctx, s, now); err != nil {
		return nil, err
	}
	res := new(Result).Set("db", a.DB).Set("ext", a.Name).Set("prev_version", now)
	if err := s.perform(ctx, c, res, "queries", statements...); err != nil {
		return nil, Failf("Management of PostgreSQL extension failed: %w", err)
	}
	after := now
	if res.Changed && !c.Check {
		if after, err = s.value(ctx, "SELECT extversion FROM pg_extension WHERE extname = "+postgresQuote(a.Name)); err != nil {
			return nil, err
		}
	}
	return res.Set("version", after), nil
}

// value gives the first column of the first row, "" for none.
func (s *postgresServer) value(ctx context.Context, query string) (string, error) {
	rows, err := s.query(ctx, query)
	if err != nil || len(rows) == 0 || rows[0][0] == postgresNull {
		return "", err
	}
	return rows[0][0], nil
}

func (a *postgresExtArgs) dropped(now string) []string {
	switch {
	case now == "":
		return nil
	case a.Cascade:
		return []string{"DROP EXTENSION " + postgresName(a.Name) + " CASCADE"}
	}
	return []string{"DROP EXTENSION " + postgresName(a.Name)}
}

// made gives the statements that create or update the extension, after asking
// whether the server has it.
func (a *postgresExtArgs) made(ctx context.Context, s *postgresServer, now string) ([]string, error) {
	offered, err := s.value(ctx, "SELECT default_version FROM pg_available_extensions WHERE name = "+postgresQuote(a.Name))
	switch {
	case err != nil:
		return nil, err
	case offered == "":
		return nil, Failf("Extension %s is not available: install the package that brings it", a.Name)
	case now == "":
		return []string{a.created()}, nil
	case a.Version == "" || a.Version == now || (a.Version == "latest" && offered == now):
		return nil, nil
	case a.Version == "latest":
		return []string{"ALTER EXTENSION " + postgresName(a.Name) + " UPDATE"}, nil
	}
	reachable, err := s.has(ctx, "SELECT 1 FROM pg_extension_update_paths("+postgresQuote(a.Name)+") WHERE path IS NOT NULL AND source = "+postgresQuote(now)+" AND target = "+postgresQuote(a.Version))
	if err != nil {
		return nil, err
	}
	if !reachable {
		return nil, Failf("Passed version '%s' has no valid update path from the currently installed version '%s' or the passed version is not available", a.Version, now)
	}
	return []string{"ALTER EXTENSION " + postgresName(a.Name) + " UPDATE TO " + postgresQuote(a.Version)}, nil
}

func (a *postgresExtArgs) created() string {
	statement := "CREATE EXTENSION " + postgresName(a.Name)
	if a.Schema != "" {
		statement += " WITH SCHEMA " + postgresName(a.Schema)
	}
	if a.Version != "" && a.Version != "latest" {
		statement += " VERSION " + postgresQuote(a.Version)
	}
	if a.Cascade {
		statement += " CASCADE"
	}
	return statement
}
