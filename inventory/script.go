package inventory

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"

	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// scriptFormat runs a program that prints the inventory as JSON.
type scriptFormat struct{}

func (scriptFormat) wants(_ *loader, src string) bool {
	info, err := os.Stat(src)
	if err != nil || info.IsDir() || !readable(src) {
		return false
	}
	return unix.Access(src, unix.X_OK) == nil || hasShebang(src)
}

func hasShebang(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 2)
	n, _ := f.Read(head)
	return n == 2 && string(head) == "#!"
}

func (scriptFormat) parse(l *loader, src string) error {
	doc, err := runScript(src, "--list")
	if err != nil {
		return err
	}
	s := &scriptParser{loader: l, path: src, seen: map[string]bool{}}
	var hostvars value.Value
	for _, e := range doc.Entries() {
		name := value.String(e.Key)
		if name == "_meta" {
			if meta, ok := e.Val.(*value.Dict); ok {
				hostvars, _ = meta.Lookup("hostvars")
			}
			continue
		}
		if err := s.group(name, e.Val); err != nil {
			return err
		}
	}
	return s.hostVars(hostvars)
}

// runScript runs the inventory program and reads its output as a JSON dict.
func runScript(path string, args ...string) (*value.Dict, error) {
	cmd := exec.Command(path, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	pos := source.Pos{File: path}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return nil, source.Errorf(pos, "Inventory script (%s) had an execution error (%v): %s", path, exit, strings.TrimSpace(stderr.String()))
	case err != nil:
		return nil, source.Errorf(pos, "problem running %s %s (%v)", path, strings.Join(args, " "), err).
			WithHint("the file must be executable and, for a script, name its interpreter in the first line (#!/bin/sh)")
	}
	if len(bytes.TrimSpace(out)) == 0 && args[0] == "--host" {
		return &value.Dict{}, nil
	}
	v, err := value.ParseJSON(out)
	if err != nil {
		return nil, source.Errorf(pos, "failed to parse executable inventory script results from %s: %v%s", path, err, stderrNote(stderr.String()))
	}
	doc, ok := v.(*value.Dict)
	if !ok {
		return nil, source.Errorf(pos, "failed to parse executable inventory script results from %s: needs to be a json dict, got %s", path, v.Type())
	}
	return doc, nil
}

func stderrNote(text string) string {
	if text = strings.TrimSpace(text); text == "" {
		return ""
	}
	return "\nit printed: " + text
}

// scriptParser takes a script's groups apart.
type scriptParser struct {
	*loader
	path  string
	seen  map[string]bool
	names []string // the hosts, as they came
}

// group reads a list of hosts, a dict with hosts, vars and children, or, in
// the oldest form, a host's name with its variables.
func (s *scriptParser) group(name string, data value.Value) error {
	g, err := s.loader.group(name, source.Pos{File: s.path})
	if err != nil {
		return err
	}
	body, ok := data.(*value.Dict)
	if !ok {
		body = value.DictOf("hosts", data)
	} else if !hasAny(body, "hosts", "vars", "children") {
		body = value.DictOf("hosts", value.Strings(g.Name), "vars", body)
	}
	if err := s.groupHosts(g, body); err != nil {
		return err
	}
	if v, ok := body.Lookup("vars"); ok {
		vars, ok := v.(*value.Dict)
		if !ok {
			return s.bad(g.Name, "variables", v)
		}
		if err := g.setVars(s.trusted(vars), nil); err != nil {
			return at(err, source.Pos{File: s.path})
		}
	}
	return s.groupChildren(g, body)
}

func hasAny(d *value.Dict, keys ...string) bool {
	for _, k := range keys {
		if _, ok := d.Lookup(k); ok {
			return true
		}
	}
	return false
}

func (s *scriptParser) bad(group, what string, v value.Value) error {
	return source.Errorf(source.Pos{File: s.path}, "You defined a group '%s' with bad data for %s: %s", group, what, value.Repr(v))
}

// trusted gives the variables with their templates: a script belongs to the
// inventory, so what it prints is the user's own text, but for what it marks as
// no template.
func (s *scriptParser) trusted(d *value.Dict) *value.Dict {
	out := value.NewDict(d.Len())
	for _, e := range d.Entries() {
		out.Set(e.Key, s.trustedValue(e.Val))
	}
	return out
}

func (s *scriptParser) trustedValue(v value.Value) value.Value {
	pos := source.Pos{File: s.path}
	switch v := v.(type) {
	case *value.Dict:
		if text, ok := v.At(yaml.VaultKey).(value.Str); ok {
			return yaml.Options{Vault: s.opts.Vault}.Sealed(string(text), pos)
		}
		if text, ok := v.At(yaml.UnsafeKey).(value.Str); ok {
			return text
		}
		return s.trusted(v)
	case *value.List:
		out := &value.List{Elems: make([]value.Value, len(v.Elems))}
		for i, e := range v.Elems {
			out.Elems[i] = s.trustedValue(e)
		}
		return out
	}
	return trust(v, pos)
}

func (s *scriptParser) groupHosts(g *Group, body *value.Dict) error {
	v, ok := body.Lookup("hosts")
	if !ok {
		return nil
	}
	list, ok := v.(*value.List)
	if !ok {
		return s.bad(g.Name, "the host list", v)
	}
	for _, e := range list.Elems {
		name, ok := value.AsString(e)
		if !ok || name == "" {
			return s.bad(g.Name, "a host's name", e)
		}
		if !s.seen[name] {
			s.seen[name] = true
			s.names = append(s.names, name)
		}
		s.hosts([]string{name}, 0, g, nil, nil)
	}
	return nil
}

func (s *scriptParser) groupChildren(g *Group, body *value.Dict) error {
	v, ok := body.Lookup("children")
	if !ok {
		return nil
	}
	list, ok := v.(*value.List)
	if !ok {
		return s.bad(g.Name, "the list of children", v)
	}
	for _, e := range list.Elems {
		child, err := s.loader.group(value.String(e), source.Pos{File: s.path})
		if err != nil {
			return err
		}
		if err := s.inv.addChild(g, child); err != nil {
			return at(err, source.Pos{File: s.path})
		}
	}
	return nil
}

// hostVars sets the variables of all hosts, from _meta or, without one, by
// asking the script for each.
func (s *scriptParser) hostVars(meta value.Value) error {
	all, ok := meta.(*value.Dict)
	if meta != nil && !ok {
		return source.Errorf(source.Pos{File: s.path}, "Improperly formatted host information: _meta.hostvars must be a dict, got %s", meta.Type())
	}
	for _, name := range s.names {
		var got value.Value = &value.Dict{}
		if meta == nil {
			vars, err := runScript(s.path, "--host", name)
			if err != nil {
				return err
			}
			got = vars
		} else if v, ok := all.Lookup(name); ok {
			got = v
		}
		vars, ok := got.(*value.Dict)
		if !ok {
			return source.Errorf(source.Pos{File: s.path}, "the variables of host '%s' must be a dict, got %s", name, got.Type())
		}
		s.hosts([]string{name}, 0, nil, s.trusted(vars), nil)
	}
	return nil
}
