package modules

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"drover/playbook/value"
)

// mysqlPrivileges are an account's privileges by object, each list in the order
// it was given. An object is written as SHOW GRANTS does: *.*, `db`.*, `db`.`t`,
// FUNCTION `db`.`f`. GRANT among the privileges is the option to pass them on.
type mysqlPrivileges struct {
	objects []string
	on      map[string][]string
}

func newMySQLPrivileges() *mysqlPrivileges { return &mysqlPrivileges{on: map[string][]string{}} }

func (p *mysqlPrivileges) add(object string, privileges []string) {
	if _, known := p.on[object]; !known {
		p.objects = append(p.objects, object)
	}
	p.on[object] = append(p.on[object], privileges...)
}

// same compares what is granted, whatever its order.
func (p *mysqlPrivileges) same(q *mysqlPrivileges) bool {
	if len(p.objects) != len(q.objects) {
		return false
	}
	for _, object := range p.objects {
		if len(without(p.on[object], q.on[object])) > 0 || len(without(q.on[object], p.on[object])) > 0 {
			return false
		}
	}
	return true
}

// privileges reads priv, nil when it was not given.
func (a *mysqlUserArgs) privileges() (*mysqlPrivileges, error) {
	var items []string
	switch v := a.Priv.(type) {
	case nil:
		return nil, nil
	case *value.Dict:
		for _, e := range v.Entries() {
			items = append(items, value.String(e.Key)+":"+value.String(e.Val))
		}
	default:
		text, isText := value.AsString(v)
		if !isText {
			return nil, Failf("priv parameter must be str or dict but %s was passed", v.Type())
		}
		items = strings.Split(strings.TrimSpace(text), "/")
	}
	p := newMySQLPrivileges()
	for _, item := range items {
		item = strings.TrimSpace(item)
		i := strings.LastIndexByte(item, ':')
		if i < 0 {
			return nil, Failf("invalid privileges string: %q has no colon between object and privileges", item)
		}
		p.add(mysqlObject(item[:i]), a.split(item[i+1:]))
	}
	if _, has := p.on["*.*"]; !has && !a.Subtract {
		p.add("*.*", []string{"USAGE"})
	}
	return p, nil
}

// split reads the privileges on one object, all in upper case but for columns.
func (a *mysqlUserArgs) split(text string) []string {
	if !a.CaseSensitive {
		return splitPrivileges(strings.ToUpper(text))
	}
	list := splitPrivileges(text)
	for i, p := range list {
		name, columns, ok := strings.Cut(p, "(")
		if list[i] = strings.ToUpper(name); ok {
			list[i] += "(" + columns
		}
	}
	return list
}

// mysqlObject writes db.table as SHOW GRANTS does.
func mysqlObject(text string) string {
	kind := ""
	if word, rest, ok := strings.Cut(text, " "); ok && (word == "FUNCTION" || word == "PROCEDURE") {
		kind, text = word+" ", rest
	}
	parts := []string{text}
	if i := strings.LastIndexByte(text, '.'); i >= 0 {
		parts = []string{text[:i], text[i+1:]}
	}
	for i, part := range parts {
		if part = strings.Trim(part, "`"); part != "*" {
			part = "`" + part + "`"
		}
		parts[i] = part
	}
	return kind + strings.Join(parts, ".")
}

// splitPrivileges splits at commas outside parentheses; columns are put in order,
// since the server keeps them in its own.
func splitPrivileges(text string) []string {
	var list []string
	depth, start := 0, 0
	for i, r := range text + "," {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			list = append(list, plainPrivilege(text[start:i]))
			start = i + 1
		}
	}
	return list
}

func plainPrivilege(text string) string {
	text = strings.TrimSpace(text)
	if strings.EqualFold(text, "ALL PRIVILEGES") {
		return "ALL"
	}
	name, columns, ok := strings.Cut(text, "(")
	if !ok {
		return text
	}
	list := strings.Split(strings.TrimRight(columns, ") "), ",")
	for i, column := range list {
		list[i] = strings.Trim(strings.TrimSpace(column), "`")
	}
	slices.Sort(list)
	return strings.TrimSpace(name) + " (" + strings.Join(list, ", ") + ")"
}

var grantLine = regexp.MustCompile(`^GRANT (.+) ON (.+) TO (?:'.*'|` + "`.*`" + `|".*")(.*)$`)

// parseGrants reads the lines of SHOW GRANTS; those that grant a role say
// nothing about privileges.
func parseGrants(rows []mysqlRow) *mysqlPrivileges {
	p := newMySQLPrivileges()
	for _, r := range rows {
		m := grantLine.FindStringSubmatch(r.text(0))
		if m == nil {
			continue
		}
		list := splitPrivileges(m[1])
		if strings.Contains(m[3], "WITH GRANT OPTION") {
			list = append(list, "GRANT")
		}
		p.add(strings.ReplaceAll(m[2], `"`, "`"), list)
	}
	return p
}

func (u *mysqlUser) grants(ctx context.Context, account string) (*mysqlPrivileges, error) {
	rows, err := u.s.query(ctx, "SHOW GRANTS FOR "+account)
	if err != nil {
		return nil, err
	}
	return parseGrants(rows), nil
}

// setPrivileges grants and revokes. Whether that was a change is what the server
// shows afterwards: it may hold for one privilege what was written as several.
func (u *mysqlUser) setPrivileges(ctx context.Context, host string) error {
	if u.priv == nil {
		return nil
	}
	account := mysqlAccount(u.User, host)
	now, err := u.grants(ctx, account)
	if err != nil {
		return err
	}
	statements, msg := u.grantChanges(now, account)
	if len(statements) == 0 {
		return nil
	}
	u.msg = msg
	if u.c.Check {
		u.changed = true
		return nil
	}
	if err := u.run(ctx, statements...); err != nil {
		return Failf("Error granting privileges, invalid priv string: %w", err)
	}
	after, err := u.grants(ctx, account)
	if err != nil {
		return err
	}
	u.changed = u.changed || !after.same(now)
	return nil
}

// grantChanges gives the statements that lead from the privileges now to those
// asked for, and what they do in words.
func (u *mysqlUser) grantChanges(now *mysqlPrivileges, account string) (statements []string, msg string) {
	for _, object := range now.objects {
		_, wanted := u.priv.on[object]
		if wanted || u.Append || u.Subtract || u.User == "root" || slices.Contains(now.on[object], "PROXY") || slices.Equal(now.on[object], []string{"USAGE"}) {
			continue
		}
		msg = "Privileges updated"
		statements = append(statements, revokeStatements(now.on[object], object, account)...)
	}
	for _, object := range u.priv.objects {
		want := u.priv.on[object]
		have, known := now.on[object]
		switch {
		case !known && u.Subtract:
		case !known:
			msg = "New privileges granted"
			statements = append(statements, grantStatement(want, object, account))
		default:
			grant, revoke := u.difference(have, want)
			if len(grant)+len(revoke) == 0 {
				continue
			}
			msg = fmt.Sprintf("Privileges updated: granted %s, revoked %s", value.Repr(value.Strings(grant...)), value.Repr(value.Strings(revoke...)))
			statements = append(statements, revokeStatements(revoke, object, account)...)
			if len(grant) > 0 {
				statements = append(statements, grantStatement(grant, object, account))
			}
		}
	}
	return statements, msg
}

// difference tells what to grant and what to revoke on an object that has
// privileges.
func (u *mysqlUser) difference(have, want []string) (grant, revoke []string) {
	missing := without(want, have)
	switch {
	case u.Append:
		return missing, nil
	case u.Subtract:
		return nil, without(want, missing)
	}
	revoke = without(have, want)
	if slices.Contains(missing, "ALL") {
		// All the others are part of it.
		revoke = slices.DeleteFunc(revoke, func(p string) bool { return p != "GRANT" && p != "PROXY" })
	}
	return missing, revoke
}

// grantStatement writes a GRANT; the option to pass privileges on can't stand
// alone, so USAGE, which is none, goes with it.
func grantStatement(privileges []string, object, account string) string {
	list := without(privileges, []string{"GRANT"})
	if len(list) == 0 {
		list = []string{"USAGE"}
	}
	statement := "GRANT " + strings.Join(list, ",") + " ON " + object + " TO " + account
	if slices.Contains(privileges, "GRANT") {
		statement += " WITH GRANT OPTION"
	}
	return statement
}

func revokeStatements(privileges []string, object, account string) []string {
	var statements []string
	if slices.Contains(privileges, "GRANT") {
		statements = append(statements, "REVOKE GRANT OPTION ON "+object+" FROM "+account)
	}
	if list := without(privileges, []string{"GRANT"}); len(list) > 0 {
		statements = append(statements, "REVOKE "+strings.Join(list, ",")+" ON "+object+" FROM "+account)
	}
	return statements
}
