package playbook

import (
	"errors"
	"path/filepath"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// staticName gives a name that must be known while loading. It may be a
// template of what is known then; an error of one is recorded, and given too.
func (r *reader) staticName(v value.Value, pos source.Pos, at place, vars *value.Dict) (string, *source.Error) {
	t, isTemplate := v.(*value.Template)
	if !isTemplate {
		if _, ok := value.AsString(v); !ok {
			return "", r.errorf(pos, "a name is expected here, not %s", value.Repr(v))
		}
		return value.String(v), nil
	}
	r.unique = true
	if r.l.Static == nil {
		return "", r.errorf(pos, "this name is a template, but no variables are known here")
	}
	got, err := r.l.Static(r.knownVars(at, vars)).Evaluate(t)
	if err == nil {
		return strings.TrimSpace(value.String(got)), nil
	}
	e := wide(r.errorf(pos, "this name can't be known while the playbook is loaded: %s", messageOf(err)), t.Src)
	e.Err = err
	e.Hint = "imports and roles see only extra variables and vars, vars_files, and role variables; use include_tasks or include_role for names that depend on hosts"
	return "", e
}

// roleName is staticName for what role to use, and which of its files: there a
// template that fails ends the run and is no fault of syntax.
func (r *reader) roleName(v value.Value, pos source.Pos, at place, vars *value.Dict) (string, bool) {
	name, fault := r.staticName(v, pos, at, vars)
	if _, isTemplate := v.(*value.Template); isTemplate && fault != nil {
		general(fault)
	}
	return name, fault == nil
}

// knownVars gathers the variables that are known while loading, the weakest
// first.
func (r *reader) knownVars(at place, vars *value.Dict) *value.Dict {
	known := value.NewDict(16)
	if at.role != nil {
		for _, d := range at.role.Deps {
			known.Update(d.Defaults)
		}
		known.Update(at.role.Defaults)
	}
	if r.play != nil {
		known.Update(r.play.ImportVars).Update(r.play.Vars)
		for _, f := range r.play.VarsFiles {
			known.Update(r.knownVarsFile(f))
		}
	}
	if at.role != nil {
		known.Update(at.role.RoleVars).Update(at.role.Vars)
	}
	var blocks []*Block
	for b := at.parent; b != nil; b = b.Parent {
		blocks = append(blocks, b)
	}
	for i := len(blocks) - 1; i >= 0; i-- {
		known.Update(blocks[i].Vars).Update(blocks[i].Params)
	}
	if at.role != nil {
		known.Update(at.role.Params)
		known.Put("role_name", value.Str(at.role.Role))
		known.Put("role_path", value.Str(at.role.Path))
	}
	known.Update(vars)
	if r.playbook != "" {
		known.Put("playbook_dir", value.Str(filepath.Dir(r.playbook)))
	}
	return known
}

// knownVarsFile reads one of a play's vars_files when its name has no template
// and the file is there.
func (r *reader) knownVarsFile(name value.Value) *value.Dict {
	s, ok := value.AsString(name)
	if !ok || r.play == nil {
		return nil
	}
	path, err := r.l.FindVarsFile(r.play, s)
	if err != nil {
		return nil
	}
	d, err := r.l.VarsFile(path)
	if err != nil {
		return nil
	}
	return d
}

// literal gives the value of a node that must be a name: a number or the like is
// its text.
func literal(n *yaml.Node) value.Value {
	if _, ok := n.Text(); n.Kind == yaml.Scalar && !ok {
		return value.Str(value.String(n.Scalar))
	}
	return n.Value()
}

// messageOf gives the message of an error without its place.
func messageOf(err error) string {
	var e *source.Error
	if errors.As(err, &e) {
		return e.Msg
	}
	return err.Error()
}

// placeOf gives the place that an error names, if it does.
func placeOf(err error) source.Pos {
	var e *source.Error
	if errors.As(err, &e) {
		return e.Pos
	}
	return source.Pos{}
}
