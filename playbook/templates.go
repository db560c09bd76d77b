package playbook

import (
	"errors"
	"path/filepath"
	"strings"

	"drover/internal/lazyre"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// checkTemplates checks the syntax of the templates in a node.
func (r *reader) checkTemplates(n *yaml.Node) {
	if r.l.Env == nil || n == nil {
		return
	}
	r.checkTemplate(n.Scalar)
	for _, p := range n.Pairs {
		r.checkTemplates(p.Value)
	}
	for _, item := range n.Items {
		r.checkTemplates(item)
	}
}

// checkTemplate checks the syntax of a value that is a template.
func (r *reader) checkTemplate(v value.Value) {
	if t, ok := v.(*value.Template); ok && r.l.Env != nil {
		r.templateFails(t.Pos, r.l.Env.Check(t.Src, t.Pos))
	}
}

// checkExpr checks the syntax of a bare expression.
func (r *reader) checkExpr(expr string, pos source.Pos) {
	if r.l.Env != nil && strings.TrimSpace(expr) != "" {
		r.templateFails(pos, r.l.Env.CheckExpr(expr, pos))
	}
}

// templateFails records an error in a template, except for a filter or test
// that may be the user's own and in tasks that may fail: that is an error only
// where it is used.
func (r *reader) templateFails(pos source.Pos, err error) {
	if err == nil || r.tolerant || r.mayBeOwn(err) {
		return
	}
	err = placed(pos, err)
	var e *source.Error
	if r.faults != nil && errors.As(err, &e) { // known errors are shared
		ours := *e
		ours.Err = errors.Join(e.Err, ErrTaskFails)
		err = &ours
	}
	r.fault(err)
}

var missingPlugin = lazyre.New(`No (filter|test) named '([^']+)'`)

// mayBeOwn reports whether an error is about a filter or test of a collection,
// or of a playbook or role that brings some of its own.
func (r *reader) mayBeOwn(err error) bool {
	m := missingPlugin.FindStringSubmatch(messageOf(err))
	if m == nil {
		return false
	}
	if strings.Contains(m[2], ".") {
		return !strings.HasPrefix(m[2], builtin)
	}
	if r.playbook != "" && isDir(filepath.Join(filepath.Dir(r.playbook), m[1]+"_plugins")) {
		return true
	}
	for _, role := range r.roleFolders() {
		if isDir(filepath.Join(role, m[1]+"_plugins")) {
			return true
		}
	}
	return false
}
