package modules

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"drover/playbook/value"
)

// requirement is what an account asks of its connections, in upper case, as
// words and their values in SQL's order.
func requirement(d *value.Dict) map[string]string {
	asked := map[string]string{}
	for _, e := range d.Entries() {
		asked[strings.ToUpper(value.String(e.Key))] = value.String(e.Val)
	}
	named := false
	for _, word := range []string{"CIPHER", "ISSUER", "SUBJECT"} {
		_, has := asked[word]
		named = named || has
	}
	_, x509 := asked["X509"]
	switch {
	case len(asked) == 0:
		return nil
	case named:
		delete(asked, "SSL")
		delete(asked, "X509")
		return asked
	case x509:
		return map[string]string{"X509": ""}
	}
	return map[string]string{"SSL": ""}
}

// requireClause writes REQUIRE …, "" when nothing is asked for.
func requireClause(d *value.Dict) string {
	asked := requirement(d)
	var parts []string
	for word, text := range asked {
		if word != "SSL" && word != "X509" {
			word += " " + mysqlQuote(text)
		}
		parts = append(parts, word)
	}
	if len(parts) == 0 {
		return ""
	}
	slices.Sort(parts)
	return " REQUIRE " + strings.Join(parts, " AND ")
}

var requirePart = regexp.MustCompile(`\bREQUIRE (.*?)(?: PASSWORD\b| WITH\b| ACCOUNT\b|$)`)

// parseRequire reads what SHOW CREATE USER says about connections.
func parseRequire(line string) map[string]string {
	m := requirePart.FindStringSubmatch(line)
	if m == nil {
		return nil
	}
	words, err := SplitWords(m[1])
	if err != nil || len(words) == 0 || words[0] == "NONE" {
		return nil
	}
	if words[0] == "SSL" || words[0] == "X509" {
		return map[string]string{words[0]: ""}
	}
	now := map[string]string{}
	for i := 0; i+1 < len(words); i += 2 {
		now[words[i]] = words[i+1]
	}
	return now
}

func (u *mysqlUser) setTLS(ctx context.Context, host string) error {
	if u.User == "" {
		return nil
	}
	account := mysqlAccount(u.User, host)
	row, err := u.s.row(ctx, "SHOW CREATE USER "+account)
	if err != nil {
		return err
	}
	now, want := parseRequire(row.text(len(row)-1)), requirement(u.TLSRequires)
	same := len(now) == len(want)
	for word, text := range want {
		had, has := now[word]
		same = same && has && had == text
	}
	if same {
		return nil
	}
	clause := requireClause(u.TLSRequires)
	if clause == "" {
		clause = " REQUIRE NONE"
	}
	return u.do(ctx, "TLS requires updated", "ALTER USER "+account+clause)
}

// limitColumns are the columns of mysql.user that hold the limits.
var limitColumns = map[string]string{
	"MAX_QUERIES_PER_HOUR": "max_questions", "MAX_UPDATES_PER_HOUR": "max_updates",
	"MAX_CONNECTIONS_PER_HOUR": "max_connections", "MAX_USER_CONNECTIONS": "max_user_connections",
	"MAX_STATEMENT_TIME": "max_statement_time",
}

// limitClause writes WITH and the limits.
func limitClause(limits *value.Dict) string {
	clause := " WITH"
	for _, e := range limits.Entries() {
		clause += " " + strings.ToUpper(value.String(e.Key)) + " " + value.String(e.Val)
	}
	return clause
}

func (u *mysqlUser) setLimits(ctx context.Context, host string) error {
	if u.Limits == nil {
		return nil
	}
	var columns, want []string
	for _, e := range u.Limits.Entries() {
		name := strings.ToUpper(value.String(e.Key))
		column, known := limitColumns[name]
		if !known || (name == "MAX_STATEMENT_TIME" && !u.s.mariaDB) {
			return Failf("resource_limits: invalid key %s: this server knows no such limit", value.String(e.Key))
		}
		columns, want = append(columns, column+"+0"), append(want, value.String(e.Val))
	}
	now, err := u.s.row(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM mysql.user WHERE User = "+mysqlQuote(u.User)+" AND Host = "+mysqlQuote(host))
	if err != nil {
		return err
	}
	for i := range want {
		if now.text(i) != want[i] {
			return u.do(ctx, u.msg, "ALTER USER "+mysqlAccount(u.User, host)+limitClause(u.Limits))
		}
	}
	return nil
}
