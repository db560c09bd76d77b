package jinja

import (
	"errors"
	"fmt"

	"drover/playbook/value"
)

// loop is the variable loop inside a for.
type loop struct {
	c       *Context
	items   []value.Value
	i       int
	rec     *recursion
	changed value.Value
}

// recursion is what a recursive loop calls itself with.
type recursion struct {
	s     *forStmt
	f     *frame // the frame around the loop
	depth int
}

// Type implements value.Value.
func (*loop) Type() string { return "LoopContext" }

// Transient marks the loop as no result of a template.
func (*loop) Transient() {}

// Str implements value.Stringer.
func (l *loop) Str() string { return l.Repr() }

// Repr implements value.Stringer.
func (l *loop) Repr() string { return fmt.Sprintf("<LoopContext %d/%d>", l.i+1, len(l.items)) }

// Len gives the number of rounds.
func (l *loop) Len() int { return len(l.items) }

// Attr implements value.HasAttrs.
func (l *loop) Attr(name string) (value.Value, bool, error) {
	switch name {
	case "index":
		return value.Int(l.i + 1), true, nil
	case "index0":
		return value.Int(l.i), true, nil
	case "revindex":
		return value.Int(len(l.items) - l.i), true, nil
	case "revindex0":
		return value.Int(len(l.items) - l.i - 1), true, nil
	case "first":
		return value.Bool(l.i == 0), true, nil
	case "last":
		return value.Bool(l.i == len(l.items)-1), true, nil
	case "length":
		return value.Int(len(l.items)), true, nil
	case "depth":
		return value.Int(l.depth() + 1), true, nil
	case "depth0":
		return value.Int(l.depth()), true, nil
	case "previtem":
		return l.neighbour(-1, "there is no previous item"), true, nil
	case "nextitem":
		return l.neighbour(1, "there is no next item"), true, nil
	case "cycle":
		return &Func{Name: "cycle", Call: l.cycle}, true, nil
	case "changed":
		return &Func{Name: "changed", Call: l.hasChanged}, true, nil
	}
	return nil, false, nil
}

func (l *loop) depth() int {
	if l.rec == nil {
		return 0
	}
	return l.rec.depth
}

func (l *loop) neighbour(by int, msg string) value.Value {
	if i := l.i + by; i >= 0 && i < len(l.items) {
		return l.items[i]
	}
	return &value.Undefined{Msg: msg}
}

func (l *loop) cycle(c *Call) (value.Value, error) {
	if len(c.Args) == 0 {
		return nil, TypeErrorf("no items for cycling given")
	}
	return c.Args[l.i%len(c.Args)], nil
}

func (l *loop) hasChanged(c *Call) (value.Value, error) {
	now := value.Tuple(c.Args)
	if l.changed != nil && value.Equal(l.changed, now) {
		return value.Bool(false), nil
	}
	l.changed = now
	return value.Bool(true), nil
}

// call is loop(iterable) in a recursive loop.
func (l *loop) call(c *Call) (value.Value, error) {
	if l.rec == nil {
		return nil, TypeErrorf("The loop must have the 'recursive' marker to be called recursively.")
	}
	if len(c.Args) != 1 || len(c.Kwargs) != 0 {
		return nil, TypeErrorf("loop() takes exactly one argument")
	}
	v, err := l.c.forced(c.Args[0], nil)
	if err != nil {
		return nil, err
	}
	defer l.c.exact(true)()
	return l.rec.s.recurse(l.rec.f, v, l.rec.depth+1)
}

// macro is a macro, or the body of a call block, with the frame it was
// defined in.
type macro struct {
	def *macroDef
	f   *frame
}

// Type implements value.Value.
func (*macro) Type() string { return "Macro" }

// Transient marks macros as no result of a template.
func (*macro) Transient() {}

// Truth says that a macro is true.
func (*macro) Truth() bool { return true }

// Attr implements value.HasAttrs.
func (m *macro) Attr(name string) (value.Value, bool, error) {
	switch name {
	case "name":
		return value.Str(m.def.name), true, nil
	case "arguments":
		t := make(value.Tuple, len(m.def.params))
		for i, p := range m.def.params {
			t[i] = value.Str(p)
		}
		return t, true, nil
	case "catch_kwargs":
		return value.Bool(m.def.kwargs >= 0), true, nil
	case "catch_varargs":
		return value.Bool(m.def.varargs >= 0), true, nil
	case "caller":
		return value.Bool(m.def.caller >= 0 || m.def.explicitCaller), true, nil
	}
	return nil, false, nil
}

// invoke runs the macro and gives what it printed.
func (m *macro) invoke(args []value.Value, kw []Kwarg) (value.Value, error) {
	if err := m.f.c.descend(); err != nil {
		return nil, err
	}
	defer m.f.c.ascend()
	defer m.f.c.exact(false)()
	d := m.def
	f := m.f.call(&d.function, newOutput(m.f.c))
	kw, err := m.bind(f, args, kw)
	if err != nil {
		return nil, err
	}
	if err := m.extras(f, args, kw); err != nil {
		return nil, err
	}
	if err := m.defaults(f); err != nil {
		return nil, err
	}
	if err := f.exec(d.body); err != nil {
		return nil, err
	}
	v, err := f.out.result()
	if err != nil {
		return nil, err
	}
	return m.f.c.listed(v)
}

// bind stores the arguments for the parameters and gives the keyword arguments
// that are left.
func (m *macro) bind(f *frame, args []value.Value, kw []Kwarg) ([]Kwarg, error) {
	d := m.def
	for i, slot := range d.paramSlots {
		if i < len(args) {
			f.slots[slot] = args[i]
		}
	}
	var rest []Kwarg
next:
	for _, k := range kw {
		for i, p := range d.params {
			if p != k.Name {
				continue
			}
			if i < len(args) && p != "caller" {
				return nil, TypeErrorf("macro '%s' got multiple values for argument '%s'", d.name, p)
			}
			if i < len(args) {
				return nil, m.twoCallers()
			}
			f.slots[d.paramSlots[i]] = k.Val
			continue next
		}
		rest = append(rest, k)
	}
	return rest, nil
}

func (m *macro) twoCallers() error {
	return TypeErrorf("macro '%s' was invoked with two values for the special caller argument. This is most likely a bug.", m.def.name)
}

// extras stores caller, kwargs and varargs, or complains about them.
func (m *macro) extras(f *frame, args []value.Value, kw []Kwarg) error {
	d := m.def
	if d.caller >= 0 {
		f.slots[d.caller] = &value.Undefined{Name: "caller", Msg: "No caller defined"}
		for i, k := range kw {
			if k.Name == "caller" {
				f.slots[d.caller] = k.Val
				kw = append(kw[:i:i], kw[i+1:]...)
				break
			}
		}
	}
	switch {
	case d.kwargs >= 0:
		dict := value.NewDict(len(kw))
		for _, k := range kw {
			dict.Put(k.Name, k.Val)
		}
		f.slots[d.kwargs] = dict
	case len(kw) > 0 && kw[0].Name == "caller":
		return m.twoCallers()
	case len(kw) > 0:
		return TypeErrorf("macro '%s' takes no keyword argument '%s'", d.name, kw[0].Name)
	}
	var more []value.Value
	if len(args) > len(d.params) {
		more = args[len(d.params):]
	}
	switch {
	case d.varargs >= 0:
		f.slots[d.varargs] = value.Tuple(more)
	case len(more) > 0:
		return TypeErrorf("macro '%s' takes not more than %d argument(s)", d.name, len(d.params))
	}
	return nil
}

// defaults fills the parameters that got no argument.
func (m *macro) defaults(f *frame) error {
	d := m.def
	first := len(d.params) - len(d.defaults)
	for i, slot := range d.paramSlots {
		if f.slots[slot] != nil {
			continue
		}
		if i < first {
			f.slots[slot] = &value.Undefined{Name: d.params[i], Msg: "parameter '" + d.params[i] + "' was not provided"}
			continue
		}
		v, err := d.defaults[i-first].eval(f)
		if err != nil {
			return err
		}
		f.slots[slot] = v
	}
	return nil
}

func (s *macroStmt) exec(f *frame) error {
	return f.assign(&s.target, &macro{s.macro, f})
}

func (s *callStmt) exec(f *frame) error {
	fn, err := s.call.callee(f)
	if err != nil {
		return err
	}
	args, kw, err := s.call.evaluate(f)
	if err != nil {
		return err
	}
	for _, k := range kw {
		if k.Name == "caller" {
			return f.fail(s, errors.New("a call block passes caller itself"))
		}
	}
	kw = append(kw, Kwarg{"caller", &macro{s.macro, f}})
	v, err := f.invoke(s.call, fn, args, kw)
	if err != nil {
		return err
	}
	return f.out.write(v)
}
