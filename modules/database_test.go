package modules

import (
	"slices"
	"strings"
	"testing"

	"drover/playbook/value"
)

func TestMySQLRowsAreRead(t *testing.T) {
	const xml = "<?xml version=\"1.0\"?>\n\n<resultset statement=\"x\">\n  <row>\n\t<field name=\"a\">1 &lt; 2 &amp;amp;</field>\n\t<field name=\"b\" xsi:nil=\"true\" />\n  </row>\n\n  <row>\n\t<field name=\"a\">two\nlines</field>\n\t<field name=\"b\"></field>\n  </row>\n</resultset>\n"
	rows := parseMySQLRows(xml)
	if len(rows) != 2 || rows[0].text(0) != "1 < 2 &amp;" || !rows[0][1].Null || rows[1].text(0) != "two\nlines" || rows[1][1].Null {
		t.Errorf("got %+v", rows)
	}
}

func TestMySQLPrivilegesAreRead(t *testing.T) {
	for priv, want := range map[string]string{
		"shop.*:ALL":       "`shop`.*:ALL *.*:USAGE",
		"*.*:SELECT,grant": "*.*:SELECT,GRANT",
		"a.b:select (y,x),INSERT/FUNCTION a.f:EXECUTE": "`a`.`b`:SELECT (x, y),INSERT FUNCTION `a`.`f`:EXECUTE *.*:USAGE",
		"`my-db`.*:ALL PRIVILEGES":                     "`my-db`.*:ALL *.*:USAGE",
	} {
		a := &mysqlUserArgs{Priv: value.Str(priv), CaseSensitive: true}
		p, err := a.privileges()
		if err != nil {
			t.Errorf("%s: %v", priv, err)
			continue
		}
		var got []string
		for _, object := range p.objects {
			got = append(got, object+":"+strings.Join(p.on[object], ","))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %s, want %s", priv, strings.Join(got, " "), want)
		}
	}
}

func TestMySQLGrantsBecomeAsAskedFor(t *testing.T) {
	now := []string{"GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*AB'", "GRANT SELECT, INSERT ON `a`.* TO `u`@`%` WITH GRANT OPTION", "GRANT DELETE ON `b`.* TO `u`@`%`", "GRANT `role` TO `u`@`%`"}
	tests := map[string]struct {
		priv             string
		append, subtract bool
		want             []string
	}{
		"as they are":    {"a.*:INSERT,SELECT,GRANT/b.*:DELETE", false, false, nil},
		"exactly these":  {"a.*:SELECT,UPDATE", false, false, []string{"REVOKE DELETE ON `b`.* FROM u", "REVOKE GRANT OPTION ON `a`.* FROM u", "REVOKE INSERT ON `a`.* FROM u", "GRANT UPDATE ON `a`.* TO u"}},
		"all":            {"a.*:ALL,GRANT/b.*:DELETE", false, false, []string{"GRANT ALL ON `a`.* TO u"}},
		"more":           {"a.*:SELECT,UPDATE/c.*:SELECT", true, false, []string{"GRANT UPDATE ON `a`.* TO u", "GRANT SELECT ON `c`.* TO u"}},
		"less":           {"a.*:SELECT,UPDATE/c.*:SELECT", false, true, []string{"REVOKE SELECT ON `a`.* FROM u"}},
		"the option too": {"b.*:DELETE,GRANT", true, false, []string{"GRANT USAGE ON `b`.* TO u WITH GRANT OPTION"}},
	}
	var rows []mysqlRow
	for _, line := range now {
		rows = append(rows, mysqlRow{{Text: line}})
	}
	for name, tc := range tests {
		u := &mysqlUser{mysqlUserArgs: &mysqlUserArgs{User: "u", Priv: value.Str(tc.priv), Append: tc.append, Subtract: tc.subtract}}
		var err error
		if u.priv, err = u.privileges(); err != nil {
			t.Fatal(err)
		}
		if got, _ := u.grantChanges(parseGrants(rows), "u"); !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}

func TestMySQLTextsAreQuoted(t *testing.T) {
	if got := mysqlAccount(`o'brien\`, "%"); got != `'o\'brien\\'@'%'` {
		t.Error(got)
	}
	if got := mysqlName("a`b"); got != "`a``b`" {
		t.Error(got)
	}
}

func TestMySQLRequirementsAreCompared(t *testing.T) {
	line := "CREATE USER `u`@`%` IDENTIFIED BY PASSWORD '*AB' REQUIRE ISSUER '/CN=a b' SUBJECT '/CN=c' WITH MAX_QUERIES_PER_HOUR 5"
	now := parseRequire(line)
	if len(now) != 2 || now["ISSUER"] != "/CN=a b" || now["SUBJECT"] != "/CN=c" {
		t.Errorf("got %v", now)
	}
	if got := requireClause(value.DictOf("subject", "/CN=c", "SSL", "")); got != " REQUIRE SUBJECT '/CN=c'" {
		t.Errorf("got %q", got)
	}
	if got := parseRequire("CREATE USER 'u'@'%' REQUIRE NONE PASSWORD EXPIRE DEFAULT"); got != nil {
		t.Errorf("NONE gives %v", got)
	}
}

func TestPostgresPasswordsAreCompared(t *testing.T) {
	const scram = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
	tests := []struct {
		password, kept string
		want           bool
	}{
		{"pencil", scram, true}, // RFC 7677's example
		{"Pencil", scram, false},
		{scram, scram, true},
		{"secret", "md5a4a5ba2ea9c6ab1ab0fd49e5bdb1e2f3", false},
		{"test", "md505a671c66aefea124cc08b76ea6d30bb", true}, // of the role test
		{"md505a671c66aefea124cc08b76ea6d30bb", "md505a671c66aefea124cc08b76ea6d30bb", true},
		{"", "md505a671c66aefea124cc08b76ea6d30bb", false},
	}
	for _, tc := range tests {
		if got := postgresPasswordIs("test", tc.password, tc.kept); got != tc.want {
			t.Errorf("%q is %q: %v", tc.password, tc.kept, got)
		}
	}
}

func TestPostgresPrivilegesInSQL(t *testing.T) {
	yes, no := true, false
	tests := map[string]struct {
		args postgresPrivsArgs
		want []string
	}{
		"tables":    {postgresPrivsArgs{Privs: "select,update", Type: "table", Objs: "a,b", Roles: "r"}, []string{`GRANT SELECT,UPDATE ON TABLE "public"."a","public"."b" TO "r"`}},
		"all":       {postgresPrivsArgs{Privs: "SELECT", Type: "sequence", Objs: "ALL_IN_SCHEMA", Schema: "s", Roles: "r,q"}, []string{`GRANT SELECT ON ALL SEQUENCES IN SCHEMA "s" TO "r","q"`}},
		"database":  {postgresPrivsArgs{Privs: "ALL", Type: "database", Roles: "PUBLIC", State: "absent"}, []string{`REVOKE ALL ON DATABASE "db" FROM PUBLIC`}},
		"function":  {postgresPrivsArgs{Privs: "EXECUTE", Type: "function", Objs: "f(int:text)", Roles: "r", GrantOption: &yes}, []string{`GRANT EXECUTE ON FUNCTION "public"."f"(int,text) TO "r" WITH GRANT OPTION`}},
		"group":     {postgresPrivsArgs{Type: "group", Objs: "g", Roles: "r", GrantOption: &no}, []string{`GRANT "g" TO "r"`, `REVOKE ADMIN OPTION FOR "g" FROM "r"`}},
		"to come":   {postgresPrivsArgs{Privs: "SELECT", Type: "default_privs", Objs: "TABLES", Roles: "r", TargetRoles: "o"}, []string{`ALTER DEFAULT PRIVILEGES FOR ROLE "o" IN SCHEMA "public" GRANT SELECT ON TABLES TO "r"`}},
		"no schema": {postgresPrivsArgs{Privs: "SELECT", Type: "default_privs", Objs: "TABLES", Roles: "r", Schema: "not-specified"}, []string{`ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO "r"`}},
	}
	for name, tc := range tests {
		a := tc.args
		a.DB = "db"
		p, err := a.plan()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := p.statements(); !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %q", name, got)
		}
	}
	for name, a := range map[string]postgresPrivsArgs{
		"no objects":        {Privs: "SELECT", Type: "table", Roles: "r"},
		"more than a word":  {Privs: "SELECT; DROP TABLE x", Type: "table", Objs: "a", Roles: "r"},
		"privs of a group":  {Privs: "SELECT", Type: "group", Objs: "g", Roles: "r"},
		"schema of a group": {Type: "group", Objs: "g", Schema: "s", Roles: "r"},
	} {
		if _, err := a.plan(); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestMySQLHashesOfLongSalt(t *testing.T) {
	if got := saltedSHA256("secret", "abcdefghij0123456789"); got != "$A$005$abcdefghij0123456789Zu4RPJ/GZ6uhS5PeIiP5RI.gbHZR3DWR3exeD3zy4sD" {
		t.Error(got)
	}
}
