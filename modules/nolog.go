package modules

import (
	"slices"
	"strings"

	"drover/playbook/value"
)

// What a module was told in confidence (arguments that are nolog) stays out of
// its result, whatever it reports: a server's echo, a command line, an error.

const (
	wholeHidden = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" // stands for a value that is a secret
	partHidden  = "********"                            // stands for a secret within other text
)

// confidence holds the secrets of one call, long ones before those that may be
// a part of them.
type confidence []string

// confide collects the secrets among the arguments of a call.
func confide(args []Arg, given *value.Dict) confidence {
	var c confidence
	c.collect(args, given)
	slices.Sort(c)
	c = slices.Compact(c)
	slices.SortStableFunc(c, func(a, b string) int { return len(b) - len(a) })
	return c
}

func (c *confidence) collect(args []Arg, given *value.Dict) {
	for i := range args {
		a := &args[i]
		v, _ := lookup(a, given)
		if !isGiven(v) {
			v = a.Default
		}
		switch {
		case v == nil || a.NoLog && !value.Truth(v):
		case a.NoLog:
			c.addAll(v)
		case len(a.Options) > 0:
			c.collectOptions(a, v)
		}
	}
}

// collectOptions looks into a dictionary, or a list of them, with known keys.
func (c *confidence) collectOptions(a *Arg, v value.Value) {
	if d, ok := v.(*value.Dict); ok {
		c.collect(a.Options, d)
		return
	}
	list, _ := v.(*value.List)
	for i := 0; list != nil && i < list.Len(); i++ {
		if d, ok := list.Index(i).(*value.Dict); ok {
			c.collect(a.Options, d)
		}
	}
}

// addAll notes every text and number in v. True, false and nothing are no
// secrets: hiding them would tear results apart and keep nothing.
func (c *confidence) addAll(v value.Value) {
	switch v := v.(type) {
	case *value.Dict:
		for _, e := range v.Entries() {
			c.addAll(e.Val)
		}
	case *value.List:
		for i := range v.Len() {
			c.addAll(v.Index(i))
		}
	case value.Bool:
	default:
		if text := value.String(v); v != value.None && text != "" {
			*c = append(*c, text)
		}
	}
}

// result hides the secrets in all that a module reports, but for its booleans.
func (c confidence) result(r *Result) {
	r.Msg = c.text(r.Msg)
	r.Data, r.Facts = c.dict(r.Data), c.dict(r.Facts)
	c.texts(r.Warnings)
	c.texts(r.Deprecations)
	for i := range r.Diff {
		d := &r.Diff[i]
		for _, s := range []*string{&d.Before, &d.After, &d.BeforeHeader, &d.AfterHeader, &d.Prepared} {
			*s = c.text(*s)
		}
		d.BeforeState, d.AfterState = c.dict(d.BeforeState), c.dict(d.AfterState)
	}
}

func (c confidence) texts(all []string) {
	for i := range all {
		all[i] = c.text(all[i])
	}
}

func (c confidence) text(s string) string {
	if slices.Contains(c, s) {
		return wholeHidden
	}
	for _, secret := range c {
		s = strings.ReplaceAll(s, secret, partHidden)
	}
	return s
}

func (c confidence) dict(d *value.Dict) *value.Dict {
	if d == nil {
		return nil
	}
	out := value.NewDict(d.Len())
	for _, e := range d.Entries() {
		out.Set(e.Key, c.value(e.Val))
	}
	return out
}

// value hides the secrets in a value of a result. A number that shows one goes
// as a whole.
func (c confidence) value(v value.Value) value.Value {
	switch v := v.(type) {
	case *value.Dict:
		return c.dict(v)
	case *value.List:
		return value.NewList(c.values(v.Elems)...)
	case value.Tuple:
		return value.Tuple(c.values(v))
	case value.Bool:
		return v
	}
	if v == value.None {
		return v
	}
	text := value.String(v)
	masked := c.text(text)
	switch _, isText := value.AsString(v); {
	case masked == text:
		return v
	case !isText:
		return value.Str(wholeHidden)
	}
	return value.Str(masked)
}

func (c confidence) values(vs []value.Value) []value.Value {
	out := make([]value.Value, len(vs))
	for i, v := range vs {
		out[i] = c.value(v)
	}
	return out
}

// keys hides the secrets in the names of a result's keys, at every depth, but
// for those that keep names.
func (c confidence) keys(v value.Value, keep []string) value.Value {
	switch v := v.(type) {
	case *value.Dict:
		out := value.NewDict(v.Len())
		for _, e := range v.Entries() {
			key := e.Key
			if name, ok := value.AsString(key); ok && !slices.Contains(keep, name) {
				key = value.Str(c.text(name))
			}
			out.Set(key, c.keys(e.Val, keep))
		}
		return out
	case *value.List:
		out := value.NewList()
		for _, e := range v.Elems {
			out.Append(c.keys(e, keep))
		}
		return out
	}
	return v
}
