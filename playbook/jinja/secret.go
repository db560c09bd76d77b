package jinja

import (
	"drover/playbook/value"
)

// taint makes text secret that was made from secrets.
func taint(v value.Value, args []value.Value, kw []Kwarg) value.Value {
	direct := false
	for _, a := range args {
		if _, ok := a.(value.Secret); ok {
			direct = true
		}
	}
	for _, k := range kw {
		if _, ok := k.Val.(value.Secret); ok {
			direct = true
		}
	}
	if s, ok := v.(value.Str); ok {
		if direct && !isArg(s, args) || anyHeldSecret(args) {
			return value.Secret(s)
		}
		return v
	}
	if direct {
		return taintAll(v)
	}
	return v
}

// isArg reports whether text is one of the arguments that is no secret.
func isArg(s value.Str, args []value.Value) bool {
	for _, a := range args {
		if a, ok := a.(value.Str); ok && a == s {
			return true
		}
	}
	return false
}

func anyHeldSecret(args []value.Value) bool {
	for _, a := range args {
		switch a.(type) {
		case *value.List, *value.Dict, value.Tuple:
			if value.IsSecret(a) {
				return true
			}
		}
	}
	return false
}

// taintAll makes all text in a fresh result secret.
func taintAll(v value.Value) value.Value {
	switch v := v.(type) {
	case value.Str:
		return value.Secret(v)
	case value.Tuple:
		t := make(value.Tuple, len(v))
		for i, e := range v {
			t[i] = taintAll(e)
		}
		return t
	}
	return value.Rebuild(v, taintAll)
}
