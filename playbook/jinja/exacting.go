package jinja

import (
	"drover/playbook/source"
	"drover/playbook/value"
)

// In ansible-core 2.19 a call of loop(…) in a recursive loop, and of a block
// (self.name(), super()), ends at the first attribute or item that is not there,
// even where "is defined" or default asks for it: the call itself is undefined
// then. Macros, and templates in variables, called from there are not so exacting.

// exact says whether calls are exacting from here on; the returned function puts
// back what was.
func (c *Context) exact(on bool) (restore func()) {
	was := c.exacting
	c.exacting = on && !c.env.Lenient
	return func() { c.exacting = was }
}

// asked gives what an attribute, an item or a variable was found to be. Where
// calls are exacting an undefined one is an error.
func (c *Context) asked(v value.Value) (value.Value, error) {
	u, ok := v.(*value.Undefined)
	if !ok || u.Plain || !c.exacting {
		return v, nil
	}
	strict, explain := *u, u.Explain
	strict.Explain = func() (pos source.Pos, hint string) {
		if pos = u.Pos; explain != nil {
			pos, _ = explain()
		}
		return pos, "inside of loop(…), super() and self.name() ansible-core 2.19 takes nothing undefined, " +
			"not even for 'is defined' and default: ask 'key' in x, or x.get('key')"
	}
	return nil, &UndefinedError{&strict}
}
