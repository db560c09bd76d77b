// Package jmes is JMESPath over drover's values: integers stay integers and
// dicts keep their order, which the language's libraries for Go do not offer.
package jmes

import (
	"drover/playbook/value"
)

// reference is an expression passed to a function: &port.
type reference struct{ node node }

// Type gives the name of the type, for messages.
func (reference) Type() string { return "expression" }

// truth is JMESPath's truth: only null, false and empty things are false.
func truth(v value.Value) bool {
	switch v.(type) {
	case value.Int, *value.BigInt, value.Float, reference:
		return true
	}
	return value.Truth(v)
}

func evalAll(nodes []node, v value.Value) ([]value.Value, error) {
	out := make([]value.Value, len(nodes))
	for i, n := range nodes {
		r, err := n(v)
		if err != nil {
			return nil, err
		}
		out[i] = r
	}
	return out, nil
}

func field(name string) node {
	return func(v value.Value) (value.Value, error) {
		m, ok := v.(value.Mapping)
		if !ok {
			return value.None, nil
		}
		r, found, err := m.Get(value.Str(name))
		if !found {
			r = value.None
		}
		return r, err
	}
}

func pipe(left, right node) node {
	return func(v value.Value) (value.Value, error) {
		r, err := left(v)
		if err != nil {
			return nil, err
		}
		return right(r)
	}
}

func logic(left, right node, or bool) node {
	return func(v value.Value) (value.Value, error) {
		r, err := left(v)
		if err != nil || truth(r) == or {
			return r, err
		}
		return right(v)
	}
}

func comparison(left, right node, op string) node {
	return func(v value.Value) (value.Value, error) {
		x, err := left(v)
		if err != nil {
			return nil, err
		}
		y, err := right(v)
		if err != nil {
			return nil, err
		}
		switch op {
		case "==":
			return value.Bool(equal(x, y)), nil
		case "!=":
			return value.Bool(!equal(x, y)), nil
		}
		if !isOrdered(x) || !isOrdered(y) {
			return value.None, nil
		}
		c, ok := value.Compare(x, y)
		if !ok {
			return value.None, nil
		}
		return value.Bool(op[0] == '<' && c < 0 || op[0] == '>' && c > 0 || len(op) == 2 && c == 0), nil
	}
}

// equal keeps booleans and numbers apart.
func equal(x, y value.Value) bool {
	_, xBool := x.(value.Bool)
	_, yBool := y.(value.Bool)
	return xBool == yBool && value.Equal(x, y)
}

func isNumber(v value.Value) bool {
	switch v.(type) {
	case value.Int, *value.BigInt, value.Float:
		return true
	}
	return false
}

func isOrdered(v value.Value) bool {
	_, isStr := value.AsString(v)
	return isStr || isNumber(v)
}

func elements(v value.Value) ([]value.Value, bool) {
	switch v := v.(type) {
	case *value.List:
		return v.Elems, true
	case value.Tuple:
		return v, true
	}
	return nil, false
}

func values(v value.Value) ([]value.Value, bool) {
	m, ok := v.(value.Mapping)
	if !ok {
		return nil, false
	}
	var out []value.Value
	for _, k := range m.Keys() {
		if e, found, err := m.Get(k); found && err == nil {
			out = append(out, e)
		}
	}
	return out, true
}

// flatten opens the lists among the elements.
func flatten(v value.Value) ([]value.Value, bool) {
	elems, ok := elements(v)
	var out []value.Value
	for _, e := range elems {
		if sub, isList := elements(e); isList {
			out = append(out, sub...)
		} else {
			out = append(out, e)
		}
	}
	return out, ok
}

func projection(left node, list func(value.Value) ([]value.Value, bool), right node) node {
	return func(v value.Value) (value.Value, error) {
		base, err := left(v)
		if err != nil {
			return nil, err
		}
		elems, ok := list(base)
		if !ok {
			return value.None, nil
		}
		out := value.NewList()
		for _, e := range elems {
			r, err := right(e)
			if err != nil {
				return nil, err
			}
			if r != value.None {
				out.Append(r)
			}
		}
		return out, nil
	}
}

func filtered(left, condition, right node) node {
	return func(v value.Value) (value.Value, error) {
		base, err := left(v)
		if err != nil {
			return nil, err
		}
		elems, ok := elements(base)
		if !ok {
			return value.None, nil
		}
		kept := value.NewList()
		for _, e := range elems {
			r, err := condition(e)
			if err != nil {
				return nil, err
			}
			if truth(r) {
				kept.Append(e)
			}
		}
		return projection(current, elements, right)(kept)
	}
}

func index(left node, i int) node {
	return func(v value.Value) (value.Value, error) {
		base, err := left(v)
		if err != nil {
			return nil, err
		}
		elems, _ := elements(base)
		if i < 0 {
			i := i + len(elems)
			if i < 0 {
				return value.None, nil
			}
			return elems[i], nil
		}
		if i >= len(elems) {
			return value.None, nil
		}
		return elems[i], nil
	}
}

// slicer gives the elements of a Python slice.
func slicer(parts [3]*int) func(value.Value) ([]value.Value, bool) {
	return func(v value.Value) ([]value.Value, bool) {
		elems, ok := elements(v)
		step := 1
		if parts[2] != nil {
			step = *parts[2]
		}
		if !ok || step == 0 {
			return nil, false
		}
		n := len(elems)
		start, stop := 0, n
		if step < 0 {
			start, stop = n-1, -1
		}
		bound := func(p *int, def int) int {
			if p == nil {
				return def
			}
			i := *p
			if i < 0 {
				i += n
			}
			if step < 0 {
				return max(-1, min(i, n-1))
			}
			return max(0, min(i, n))
		}
		start, stop = bound(parts[0], start), bound(parts[1], stop)
		var out []value.Value
		for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
			out = append(out, elems[i])
		}
		return out, true
	}
}
