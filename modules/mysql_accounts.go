package modules

import (
	"context"
	"maps"
	"slices"
	"strings"

	"drover/playbook/value"
)

// accounts tells of every account in the words of mysql_user.
func (m *mysqlInfo) accounts(ctx context.Context) (*value.List, error) {
	rows, err := m.s.query(ctx, "SELECT User, Host, plugin, authentication_string FROM mysql.user")
	if err != nil {
		return nil, err
	}
	all := value.NewList()
	for _, r := range rows {
		d, err := m.account(ctx, r)
		if err != nil {
			return nil, err
		}
		if d != nil {
			all.Append(d)
		}
	}
	return all, nil
}

// account tells of one account, nothing of a role: a role has no host.
func (m *mysqlInfo) account(ctx context.Context, r mysqlRow) (*value.Dict, error) {
	user, host := r.text(0), r.text(1)
	if host == "" && m.s.mariaDB {
		return nil, nil
	}
	account := mysqlAccount(user, host)
	granted, err := m.s.query(ctx, "SHOW GRANTS FOR "+account)
	if err != nil {
		return nil, err
	}
	created, err := m.s.row(ctx, "SHOW CREATE USER "+account)
	if err != nil {
		return nil, err
	}
	d := value.DictOf("name", user, "host", host, "priv", parseGrants(granted).text())
	if limits, err := m.limits(ctx, user, host); err != nil {
		return nil, err
	} else if limits.Len() > 0 {
		d.Put("resource_limits", limits)
	}
	line := created.text(len(created) - 1)
	if tls := parseRequire(line); len(tls) > 0 {
		asked := new(value.Dict)
		for _, word := range slices.Sorted(maps.Keys(tls)) {
			asked.Put(word, orNone(tls[word]))
		}
		d.Put("tls_requires", asked)
	}
	d.Update(value.DictOf("plugin", r.text(2), "plugin_hash_string", r.text(3)))
	d.Put("locked", value.Bool(strings.Contains(line, "ACCOUNT LOCK")))
	return d, nil
}

// limits gives the limits of an account that are set.
func (m *mysqlInfo) limits(ctx context.Context, user, host string) (*value.Dict, error) {
	var names, columns []string
	for _, name := range slices.Sorted(maps.Keys(limitColumns)) {
		if name != "MAX_STATEMENT_TIME" || m.s.mariaDB {
			names, columns = append(names, name), append(columns, limitColumns[name]+"+0")
		}
	}
	row, err := m.s.row(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM mysql.user WHERE User = "+mysqlQuote(user)+" AND Host = "+mysqlQuote(host))
	d := new(value.Dict)
	for i, f := range row {
		if f.Text != "0" && !f.Null {
			d.Put(names[i], f.number())
		}
	}
	return d, err
}

// text writes privileges as mysql_user takes them.
func (p *mysqlPrivileges) text() string {
	var parts []string
	for _, object := range p.objects {
		list := p.on[object]
		alone := len(p.objects) == 1
		if slices.Contains(list, "PROXY") || !alone && object == "*.*" && slices.Equal(list, []string{"USAGE"}) {
			continue
		}
		parts = append(parts, strings.ReplaceAll(object, "`", "")+":"+strings.Join(list, ","))
	}
	return strings.Join(parts, "/")
}
