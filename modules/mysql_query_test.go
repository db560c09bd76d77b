package modules

import (
	"strings"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

func TestMySQLQueryFillsInItsArguments(t *testing.T) {
	for name, tc := range map[string]struct {
		statement string
		args      mysqlQueryArgs
		want      string
	}{
		"none":       {"SELECT '100%'", mysqlQueryArgs{}, "SELECT '100%'"},
		"positional": {"a = %s AND b LIKE '%%x' AND c IN %s AND d = %s", mysqlQueryArgs{Positional: []value.Value{value.Int(1), value.NewList(value.Str("o'x"), value.None), value.Bool(true)}}, `a = 1 AND b LIKE '%x' AND c IN ('o\'x',NULL) AND d = true`},
		"named":      {"a = %(x)s OR b = %(y)s OR c = %(x)s", mysqlQueryArgs{Named: value.DictOf("x", "%s", "y", 2.5)}, "a = '%s' OR b = 2.5 OR c = '%s'"},
	} {
		if got, err := tc.args.fill(tc.statement); err != nil || got != tc.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, wrong := range []string{"%s", "%s %s %s", "%(x)s", "50%", "%d"} {
		a := mysqlQueryArgs{Positional: []value.Value{value.Int(1), value.Int(2)}}
		if got, err := a.fill(wrong); err == nil {
			t.Errorf("%q is taken: %q", wrong, got)
		}
	}
}

func TestMySQLAnswersHaveTypes(t *testing.T) {
	const text = "Field   1:  `n`\nType:       LONGLONG\nField   2:  `t`\nType:       VAR_STRING\n<?xml version=\"1.0\"?>\n\n<resultset statement=\"x\">\n  <row>\n\t<field name=\"n\">7</field>\n\t<field name=\"t\">7</field>\n  </row>\n\n  <row>\n\t<field name=\"n\" xsi:nil=\"true\" />\n\t<field name=\"t\"></field>\n  </row>\n</resultset>\n" +
		"Field   1:  `drover.rows`\nType:       LONGLONG\n<?xml version=\"1.0\"?>\n<resultset statement=\"y\">\n  <row>\n\t<field name=\"drover.rows\">-1</field>\n  </row>\n</resultset>\n" +
		"Type:       LONGLONG\n<resultset statement=\"y\">\n  <row>\n\t<field name=\"drover.rows\">3</field>\n  </row>\n</resultset>\n"
	got := mysqlAnswers(text)
	if len(got) != 2 || got[0].count != 2 || value.Repr(got[0].rows) != "[{'n': 7, 't': '7'}, {'n': None, 't': ''}]" || got[1].count != 3 || got[1].rows.Len() != 0 {
		t.Errorf("%+v", got)
	}
}

func TestMySQLVariables(t *testing.T) {
	for name, tc := range map[string]struct {
		now     string
		args    []any
		changed bool
		msg     string
		ran     string // "" for nothing
	}{
		"read":        {"151", nil, false, "151", ""},
		"same number": {"151", []any{"value", "151.0"}, false, "Variable is already set to requested value.", ""},
		"same switch": {"ON", []any{"value", "1"}, false, "Variable is already set to requested value.", ""},
		"number":      {"151", []any{"value", 300}, true, "Variable change succeeded prev_value=151", "SET GLOBAL `max` = 300;\n"},
		"text":        {"a", []any{"value", "b'c"}, true, "Variable change succeeded prev_value=a", "SET GLOBAL `max` = 'b\\'c';\n"},
	} {
		f := target.NewFake()
		f.Programs["mysql"] = "/usr/bin/mysql"
		var ran string
		f.Exec = func(c target.Cmd) (*target.Output, error) {
			var script strings.Builder
			if c.Stdin != nil {
				buf := make([]byte, 1<<12)
				n, _ := c.Stdin.Read(buf)
				script.Write(buf[:n])
			}
			out := "<row>\n\t<field name=\"a\">max</field>\n\t<field name=\"b\">" + tc.now + "</field>\n  </row>"
			if strings.HasPrefix(script.String(), "SET") {
				ran, out = script.String(), ""
			}
			return &target.Output{Stdout: []byte(out)}, nil
		}
		res, err := mysqlVariablesModule().Run(t.Context(), f, &Call{Args: value.DictOf(append(tc.args, "variable", "max")...)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if msg := value.String(res.Dict().At("msg")); res.Changed != tc.changed || msg != tc.msg || ran != tc.ran {
			t.Errorf("%s: changed=%v %q, ran %q", name, res.Changed, msg, ran)
		}
	}
}

func TestMySQLInfo(t *testing.T) {
	f := target.NewFake()
	f.Programs["mysql"] = "/usr/bin/mysql"
	f.Exec = func(c target.Cmd) (*target.Output, error) {
		buf := make([]byte, 1<<12)
		n, _ := c.Stdin.Read(buf)
		field := func(name, text string) string { return "\t<field name=\"" + name + "\">" + text + "</field>\n" }
		row := ""
		switch query := string(buf[:n]); {
		case strings.HasPrefix(query, "SELECT VERSION"):
			row = field("v", "10.11.6-MariaDB-0+deb12u1")
		case strings.HasPrefix(query, "SHOW GLOBAL VARIABLES"):
			row = field("Variable_name", "max_connections") + field("Value", "151")
		case strings.HasPrefix(query, "SHOW ENGINES"):
			row = field("Engine", "Aria") + field("Support", "YES")
		case strings.HasPrefix(query, "SELECT table_schema"):
			row = field("a", "shop") + field("b", "16384") + field("c", "1")
		case strings.HasPrefix(query, "SHOW DATABASES"):
			row = field("Database", "new")
		case strings.HasPrefix(query, "SELECT User, Host"):
			row = field("User", "app") + field("Host", "%") + field("plugin", "mysql_native_password") + field("a", "*AB")
		case strings.HasPrefix(query, "SHOW GRANTS"):
			row = field("g", "GRANT USAGE ON *.* TO `app`@`%`") + "</row><row>\n" + field("g", "GRANT SELECT, INSERT ON `shop`.* TO `app`@`%` WITH GRANT OPTION")
		case strings.HasPrefix(query, "SHOW CREATE USER"):
			row = field("c", "CREATE USER `app`@`%` IDENTIFIED VIA x REQUIRE SSL ACCOUNT LOCK")
		case strings.HasPrefix(query, "SELECT max_"):
			row = field("a", "0") + field("b", "5")
		}
		return &target.Output{Stdout: []byte("<row>\n" + row + "</row>")}, nil
	}
	for filter, want := range map[string]string{
		"version":    "'version': {'major': 10, 'minor': 11, 'release': 6, 'suffix': 'MariaDB-0+deb12u1', 'full': '10.11.6-MariaDB-0+deb12u1'}",
		"settings":   "'settings': {'max_connections': 151}",
		"engines":    "'engines': {'Aria': {'Support': 'YES'}}",
		"databases":  "'databases': {'shop': {'tables': 1}, 'new': {'tables': 0}}",
		"users_info": "'users_info': [{'name': 'app', 'host': '%', 'priv': 'shop.*:SELECT,INSERT,GRANT', 'resource_limits': {'MAX_QUERIES_PER_HOUR': 5}, 'tls_requires': {'SSL': None}, 'plugin': 'mysql_native_password', 'plugin_hash_string': '*AB', 'locked': True}]",
	} {
		args := value.DictOf("filter", []string{filter, "!users"}, "return_empty_dbs", true, "exclude_fields", "db_size")
		res, err := mysqlInfoModule().Run(t.Context(), f, &Call{Args: args})
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		if got := value.Repr(res.Data); got != "{'server_engine': 'MariaDB', "+want+"}" {
			t.Errorf("%s: %s", filter, got)
		}
	}
	a := mysqlInfoArgs{Filter: []string{"!settings", "nonsense"}}
	if topics, warnings := a.wanted(); len(topics) != len(mysqlTopics)-1 || len(warnings) != 1 {
		t.Errorf("%v, %v", topics, warnings)
	}
}
