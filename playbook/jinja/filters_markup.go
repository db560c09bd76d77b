package jinja

import (
	"fmt"
	"strings"

	"drover/playbook/value"
)

func filterFormat(c *Call) (value.Value, error) {
	if len(c.Args) == 0 {
		return nil, TypeErrorf("format() missing required argument: 'value'")
	}
	if len(c.Args) > 1 && len(c.Kwargs) > 0 {
		return nil, TypeErrorf("can't handle positional and keyword arguments at the same time")
	}
	if err := used(c.Args[0]); err != nil {
		return nil, err
	}
	var arg value.Value = value.Tuple(c.Args[1:])
	if len(c.Kwargs) > 0 {
		d := value.NewDict(len(c.Kwargs))
		for _, k := range c.Kwargs {
			d.Put(k.Name, k.Val)
		}
		arg = d
	}
	return c.Ctx.formatPercent(c.Args[0], value.String(c.Args[0]), arg)
}

// quoteURL percent-encodes everything but unreserved characters and keep.
func quoteURL(s, keep string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDecimal(c) || strings.IndexByte("_.-~"+keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func filterURLEncode(c *Call) (value.Value, error) {
	var v value.Value
	if err := c.Unpack("value", &v); err != nil {
		return nil, err
	}
	query := func(s string) string { return strings.ReplaceAll(quoteURL(s, " "), " ", "+") }
	_, isText := value.AsString(v)
	var pairs []value.Value
	switch m := v.(type) {
	case value.Mapping:
		l, err := dictItems(&Call{Args: []value.Value{m}, Ctx: c.Ctx})
		if err != nil {
			return nil, err
		}
		pairs = l.(*value.List).Elems
	default:
		if isText || !isIterable(v) {
			return value.Str(quoteURL(value.String(v), "/")), nil
		}
		var err error
		if pairs, err = c.Ctx.elements(v); err != nil {
			return nil, err
		}
	}
	var parts []string
	for _, p := range pairs {
		kv, err := c.Ctx.elements(p)
		if err != nil || len(kv) != 2 {
			return nil, valueErrorf("not enough values to unpack (expected 2)")
		}
		parts = append(parts, query(value.String(kv[0]))+"="+query(value.String(kv[1])))
	}
	return value.Str(strings.Join(parts, "&")), nil
}

func filterToJSON(c *Call) (value.Value, error) {
	var v value.Value
	indent := value.None
	if err := c.Unpack("value", &v, "indent?", &indent); err != nil {
		return nil, err
	}
	o := value.JSONOptions{SortKeys: true, Strict: true}
	if n, ok := value.AsInt(indent); ok {
		o.Pretty = true
		o.Indent = strings.Repeat(" ", int(min(max(n, 0), 1000)))
	} else if s, ok := value.AsString(indent); ok {
		o.Pretty, o.Indent = true, s
	}
	b, err := value.AppendJSON(nil, v, o)
	if err != nil {
		return nil, err
	}
	return value.Str(strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "'", `\u0027`).Replace(string(b))), nil
}

func filterXMLAttr(c *Call) (value.Value, error) {
	var m value.Mapping
	space := true
	if err := c.Unpack("d", &m, "autospace?", &space); err != nil {
		return nil, err
	}
	var parts []string
	for _, k := range m.Keys() {
		v, _, err := m.Get(k)
		if err != nil {
			return nil, err
		}
		if v == value.None {
			continue
		}
		key, isText := value.AsString(k)
		if !isText {
			return nil, TypeErrorf("xmlattr(): keys must be strings, not '%s'", k.Type())
		}
		if strings.ContainsAny(key, " \t\n\f\r/>=") {
			return nil, valueErrorf("Invalid character in attribute name: %s", value.Repr(k))
		}
		parts = append(parts, escapeHTML(key)+`="`+escapeHTML(value.String(v))+`"`)
	}
	out := strings.Join(parts, " ")
	if space && out != "" {
		out = " " + out
	}
	return value.Str(out), nil
}

// filterPPrint prints like repr: the original's containers are no plain dicts
// and lists, so that Python's pretty printer leaves them on one line.
func filterPPrint(c *Call) (value.Value, error) {
	var v value.Value
	err := c.Unpack("value", &v)
	return value.Str(value.Repr(v)), err
}
