package engine

import (
	"strconv"
	"strings"

	"drover/playbook"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
)

// keywordReader evaluates the keywords of a play, block or task. The first
// error stays in err and the rest of the calls give their defaults.
type keywordReader struct {
	ctx  *jinja.Context
	base *playbook.Base // for the places of keywords
	err  error
}

func (k *keywordReader) fail(name, want string, v value.Value) {
	if k.err == nil {
		kind := "keyword"
		if strings.HasPrefix(name, "ansible_") {
			kind = "variable"
		}
		k.err = source.Errorf(k.pos(name), "the %s '%s' must be %s, not %s", kind, name, want, value.Repr(v))
	}
}

func (k *keywordReader) pos(name string) source.Pos {
	if pos, ok := k.base.Keys[name]; ok {
		return pos
	}
	return k.base.Pos
}

// value evaluates a keyword; nil stays nil.
func (k *keywordReader) value(name string, v value.Value) value.Value {
	if v == nil || k.err != nil {
		return nil
	}
	if i, ok := v.(*inherited); ok {
		if own := k.value(name, i.Value); own != nil {
			return own
		}
		return k.value(name, i.outer)
	}
	out, err := k.ctx.Evaluate(v)
	if err != nil {
		k.err = source.Wrap(k.pos(name), err)
		return nil
	}
	if out == value.Omit {
		return nil
	}
	return out
}

// check evaluates a keyword that counts elsewhere: one that can't be evaluated
// fails the task, whether or not it comes to need it.
func (k *keywordReader) check(name string, v value.Value) {
	if _, lazy := v.(*value.Template); lazy {
		k.value(name, v)
	}
}

func (k *keywordReader) text(name string, v value.Value, otherwise string) string {
	out := k.value(name, v)
	if out == nil || out == value.None {
		return otherwise
	}
	return value.String(out)
}

// boolean reads a keyword as Ansible reads truth: true/yes/on/1 and their
// opposites.
func (k *keywordReader) boolean(name string, v value.Value, otherwise bool) bool {
	out := k.value(name, v)
	if out == nil || out == value.None {
		return otherwise
	}
	b, ok := truth(out)
	if !ok && k.err == nil {
		k.err = source.Errorf(k.pos(name), "the keyword '%s' must be true or false: %s is not a valid boolean", name, value.Repr(out))
	}
	return b
}

func (k *keywordReader) number(name string, v value.Value, otherwise float64) float64 {
	out := k.value(name, v)
	if out == nil || out == value.None {
		return otherwise
	}
	if f, ok := value.AsFloat(out); ok {
		return f
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(value.String(out), "%")), 64)
	if err != nil {
		k.fail(name, "a number", out)
	}
	return f
}

// truth reads the values that Ansible accepts as booleans.
func truth(v value.Value) (b, ok bool) {
	switch v := v.(type) {
	case value.Bool:
		return bool(v), true
	case value.Int:
		return v != 0, v == 0 || v == 1
	case value.Float:
		return v != 0, v == 0 || v == 1
	}
	switch strings.ToLower(strings.TrimSpace(value.String(v))) {
	case "yes", "on", "true", "1", "1.0", "y", "t":
		return true, true
	case "no", "off", "false", "0", "0.0", "n", "f":
		return false, true
	}
	return false, false
}
