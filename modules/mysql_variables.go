package modules

import (
	"context"
	"strconv"
	"strings"

	"drover/internal/lazyre"
	"drover/modules/target"
)

type mysqlVariablesArgs struct {
	Variable string  `arg:"variable" required:"true" doc:"The variable."`
	Value    *string `arg:"value" doc:"What it shall be; without it the module only tells what it is."`
	Mode     string  `arg:"mode" default:"global" choices:"global,persist,persist_only" doc:"Whether a change holds until the server ends, also after it, or only after it. The latter two need MySQL 8."`
	mysqlLogin
}

// mysqlVariablesModule reads and sets variables of the server.
func mysqlVariablesModule() Module {
	return Define(Spec{
		Name:     "community.mysql.mysql_variables",
		Summary:  "Read and set variables of MySQL",
		Doc:      "Makes a global variable of MySQL or MariaDB have a value, or tells in msg what it is.",
		Examples: "- community.mysql.mysql_variables:\n    variable: max_connections\n    value: 300\n    login_unix_socket: /run/mysqld/mysqld.sock\n",
		Returns: []Return{
			{"msg", "str", "always", "The variable's value, or what was done."},
			{"queries", "list", "changed", "The statements that were run."},
		},
	}, runMySQLVariables)
}

var variableName = lazyre.New(`^[0-9A-Za-z_.]+$`)

func runMySQLVariables(ctx context.Context, h target.Host, c *Call, a *mysqlVariablesArgs) (*Result, error) {
	if !variableName.MatchString(a.Variable) {
		return nil, Failf("invalid variable name %q", a.Variable)
	}
	s, err := a.connect(ctx, h)
	if err != nil {
		return nil, err
	}
	row, err := s.row(ctx, "SHOW VARIABLES WHERE Variable_name = "+mysqlQuote(a.Variable))
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, Failf("Variable not available %q", a.Variable)
	}
	now := row.text(1)
	if a.Value == nil {
		return new(Result).Set("msg", now), nil
	}
	kept, err := a.kept(ctx, s)
	if err != nil {
		return nil, err
	}
	return a.set(ctx, s, now, kept)
}

// kept gives the value that the server starts with, nil for none.
func (a *mysqlVariablesArgs) kept(ctx context.Context, s *mysqlServer) (*string, error) {
	if a.Mode == "global" {
		return nil, nil
	}
	row, err := s.row(ctx, "SELECT VARIABLE_VALUE FROM performance_schema.persisted_variables WHERE VARIABLE_NAME = "+mysqlQuote(a.Variable))
	if err != nil {
		return nil, Failf("Server version must be 8.0 or greater: %w", err)
	}
	if row == nil {
		return nil, nil
	}
	text := row.text(0)
	return &text, nil
}

func (a *mysqlVariablesArgs) set(ctx context.Context, s *mysqlServer, now string, kept *string) (*Result, error) {
	if a.Mode == "persist_only" {
		now = "False"
		if kept != nil {
			now = *kept
		}
	}
	want := wantedVariable(*a.Value, now)
	isKept := kept != nil && sameVariable(want, *kept)
	switch {
	case a.Mode == "global" && sameVariable(want, now):
		return &Result{Msg: "Variable is already set to requested value."}, nil
	case a.Mode == "persist" && isKept && sameVariable(want, now):
		return &Result{Msg: "Variable is already set to requested value globallyand stored into mysqld-auto.cnf file."}, nil
	case a.Mode == "persist_only" && isKept:
		return &Result{Msg: "Variable is already stored into mysqld-auto.cnf with requested value."}, nil
	}
	var names []string
	for part := range strings.SplitSeq(a.Variable, ".") {
		names = append(names, mysqlName(part))
	}
	set := "SET " + strings.ToUpper(a.Mode) + " " + strings.Join(names, ".") + " = "
	literal := want
	if _, err := strconv.ParseFloat(want, 64); err != nil {
		literal = mysqlQuote(want)
	}
	if _, err := s.query(ctx, set+literal); err != nil {
		return nil, err
	}
	res := &Result{Changed: true, Msg: "Variable change succeeded prev_value=" + now}
	return res.Set("queries", []string{set + want}), nil
}

// wantedVariable writes a wanted value as the server shows it: switches are ON
// or OFF.
func wantedVariable(want, now string) string {
	if now == "ON" || now == "OFF" {
		switch want {
		case "on", "1":
			return "ON"
		case "off", "0":
			return "OFF"
		}
	}
	return want
}

// sameVariable compares values, numbers by what they are worth.
func sameVariable(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return a == b || errX == nil && errY == nil && x == y
}
