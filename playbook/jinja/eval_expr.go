package jinja

import (
	"errors"
	"fmt"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
)

func (n *constExpr) eval(f *frame) (value.Value, error) {
	if n.tpl == nil {
		return n.v, nil
	}
	return f.c.resolveTemplate(n.tpl)
}

func (n *nameExpr) eval(f *frame) (value.Value, error) {
	v, ok, err := n.find(f)
	if ok || err != nil {
		return v, err
	}
	return f.undefinedName(n), nil
}

// find gives the local variable, or else the variable of the context, of a
// name.
func (n *nameExpr) find(f *frame) (value.Value, bool, error) {
	if n.memo >= 0 {
		if v := f.slots[n.memo]; v != nil {
			return v, true, nil
		}
	}
	for _, r := range n.refs {
		if v := f.outer(r.up).slots[r.slot]; v != nil {
			v, err := f.force(v)
			return v, err == nil, err
		}
	}
	if n.name == "super" {
		if v := f.super(n); v != nil {
			return v, true, nil
		}
	}
	v, ok, err := f.j.lookup(n.name)
	if err != nil {
		return nil, false, f.fail(n, err)
	}
	if v, err = f.c.asked(v); err != nil {
		return nil, false, err
	}
	if ok && n.memo >= 0 {
		f.slots[n.memo] = v
	}
	return v, ok, nil
}

func (f *frame) undefinedName(n *nameExpr) *value.Undefined {
	tpl, c := f.tpl, f.c
	return &value.Undefined{
		Name: n.name, Msg: "'" + n.name + "' is undefined",
		Explain: func() (source.Pos, string) {
			return tpl.position(n.offset()), strings.Trim(didYouMean(n.name, c.names()), " ()")
		},
	}
}

// names lists what a name could have meant.
func (c *Context) names() []string {
	names := c.vars.Names()
	for n := range c.env.Globals {
		names = append(names, n)
	}
	return names
}

// undefinedOf gives the undefined value an error is about, or nil.
func undefinedOf(err error) *value.Undefined {
	if err == nil {
		return nil
	}
	var u *UndefinedError
	if errors.As(err, &u) {
		return u.Undefined
	}
	return nil
}

// evalUsed evaluates an operand, which must not be undefined.
func evalUsed(x expr, f *frame) (value.Value, error) {
	v, err := x.eval(f)
	if err != nil {
		return nil, err
	}
	if u, ok := v.(*value.Undefined); ok && !u.Plain {
		return nil, &UndefinedError{u}
	}
	return v, nil
}

func evalAll(xs []expr, f *frame) ([]value.Value, error) {
	vs := make([]value.Value, len(xs))
	for i, x := range xs {
		var err error
		if vs[i], err = x.eval(f); err != nil {
			return nil, err
		}
	}
	return vs, nil
}

func (n *listExpr) eval(f *frame) (value.Value, error) {
	vs, err := evalAll(n.elems, f)
	if err != nil {
		return nil, err
	}
	return &value.List{Elems: vs, Own: true}, nil
}

func (n *tupleExpr) eval(f *frame) (value.Value, error) {
	vs, err := evalAll(n.elems, f)
	if err != nil {
		return nil, err
	}
	return value.Tuple(vs), nil
}

func (n *dictExpr) eval(f *frame) (value.Value, error) {
	d := value.NewDict(len(n.keys))
	d.SetOwn()
	for i := range n.keys {
		k, err := n.keys[i].eval(f)
		if err != nil {
			return nil, err
		}
		if err := hashable(k, false); err != nil {
			return nil, f.fail(n, err)
		}
		v, err := n.vals[i].eval(f)
		if err != nil {
			return nil, err
		}
		d.Set(k, v)
	}
	return d, nil
}

func (n *unaryExpr) eval(f *frame) (value.Value, error) {
	v, err := evalUsed(n.x, f)
	if err != nil {
		return nil, err
	}
	r, err := unary(n.op, v)
	if err != nil {
		return nil, f.fail(n, err)
	}
	return r, nil
}

// truth gives the truth value of an expression.
func truth(x expr, f *frame) (bool, error) {
	v, err := x.eval(f)
	if err != nil {
		return false, err
	}
	switch v := v.(type) {
	case value.Bool:
		return bool(v), nil
	case *value.Undefined:
		if !v.Plain {
			return false, &UndefinedError{v}
		}
		return false, nil
	}
	return value.Truth(v), nil
}

func (n *notExpr) eval(f *frame) (value.Value, error) {
	ok, err := truth(n.x, f)
	return value.Bool(!ok), err
}

func (n *binaryExpr) eval(f *frame) (value.Value, error) {
	x, err := n.x.eval(f)
	if err != nil {
		return nil, err
	}
	y, err := n.y.eval(f)
	if err == nil {
		err = n.usable(f, x, y)
	}
	if err != nil {
		return nil, err
	}
	if n.op == opAdd {
		if a, ok := x.(value.Int); ok {
			if b, ok := y.(value.Int); ok {
				if s := a + b; (s > a) == (b > 0) {
					return s, nil
				}
			}
		}
	}
	r, err := f.c.binary(n.op, x, y)
	if err != nil {
		return nil, f.fail(n, err)
	}
	return r, nil
}

// usable checks that both operands are defined. A list of a variable or a call
// makes a type error of an undefined operand on its right, which no default
// replaces.
func (n *binaryExpr) usable(f *frame, x, y value.Value) error {
	err := used(x, y)
	u, undefined := y.(*value.Undefined)
	if n.op == opMod && isText(x) && undefined && u.Err == nil {
		return nil // formatting minds what it prints
	}
	if _, isList := x.(*value.List); err == nil || !isList || !undefined || f.c.env.Lenient {
		return err
	}
	if _, literal := n.x.(*listExpr); literal {
		return err
	}
	switch n.op {
	case opAdd:
		return misused(u, "a list can only be joined with a list")
	case opMul:
		return misused(u, "a list can only be multiplied by a number")
	}
	return err
}

func (n *concatExpr) eval(f *frame) (value.Value, error) {
	var b []byte
	secret := false
	for _, x := range n.parts {
		v, err := evalUsed(x, f)
		if err != nil {
			return nil, err
		}
		if s, ok := v.(value.Str); ok {
			b = append(b, s...)
			continue
		}
		if v, err = f.c.settleStrict(v); err != nil {
			return nil, f.fail(n, err)
		}
		f.c.sees(v)
		secret = secret || value.IsSecret(v)
		b = append(b, value.String(v)...)
		if limit := f.c.lim.Output; len(b) > limit {
			return nil, f.fail(n, limitf("the text is larger than the limit of %d bytes", limit))
		}
	}
	if secret {
		return value.Secret(b), nil
	}
	return value.Str(b), nil
}

func (n *logicExpr) eval(f *frame) (value.Value, error) {
	x, err := evalUsed(n.x, f)
	if err != nil {
		return nil, err
	}
	if value.Truth(x) == n.or {
		return x, nil
	}
	return n.y.eval(f)
}

func (n *condExpr) eval(f *frame) (value.Value, error) {
	ok, err := truth(n.test, f)
	switch {
	case err != nil:
		return nil, err
	case ok:
		return n.yes.eval(f)
	case n.no != nil:
		return n.no.eval(f)
	}
	line := 1 + strings.Count(f.tpl.src[:n.offset()], "\n")
	return &value.Undefined{
		Plain: true,
		Msg:   fmt.Sprintf("the inline if-expression on line %d evaluated to false and no else section was defined.", line),
	}, nil
}

func (n *compareExpr) eval(f *frame) (value.Value, error) {
	x, err := n.x.eval(f)
	if err != nil {
		return nil, err
	}
	for i := range n.rest {
		r := &n.rest[i]
		y, err := r.y.eval(f)
		if err == nil && !r.asksEmpty(y) {
			err = r.usable(f, x, y)
		}
		if err != nil {
			return nil, err
		}
		ok, err := f.c.compare(r.op, x, y)
		if err != nil {
			return nil, f.fail(r, err)
		}
		if !ok {
			return value.Bool(false), nil
		}
		x = y
	}
	return value.Bool(true), nil
}

// usable checks that both operands are defined. What is no container makes a
// type error of the question whether something undefined is in it.
func (r *comparison) usable(f *frame, x, y value.Value) error {
	err := used(x, y)
	u, undefined := x.(*value.Undefined)
	if err == nil || !undefined || u.Plain || f.c.env.Lenient || r.op != cmpIn && r.op != cmpNotIn {
		return err
	}
	switch y.(type) {
	case value.Str, value.Secret:
		return misused(u, "only text can be in text")
	case value.Int, value.Float, value.Bool, *value.BigInt:
		return misused(u, "nothing can be in a value of type '"+y.Type()+"'")
	}
	if y == value.None {
		return misused(u, "nothing can be in none")
	}
	return err
}

// asksEmpty reports whether the step asks an empty sequence what it contains:
// there nothing is compared, whatever is asked for.
func (r *comparison) asksEmpty(y value.Value) bool {
	s, ok := y.(value.Sequence)
	return ok && (r.op == cmpIn || r.op == cmpNotIn) && s.Len() == 0
}

func (n *attrExpr) eval(f *frame) (value.Value, error) {
	x, err := n.x.eval(f)
	if err != nil {
		return nil, err
	}
	v, ok, err := n.find(x)
	if !ok && err == nil {
		if f.c.env.Lenient && n.name == "__class__" {
			return f.c.classOf(n.x, x), nil
		}
		v = missedAttr(x, n.name)
	}
	return f.got(n, v, err)
}

// find looks for the attribute in x; what templates mostly have is asked
// directly.
func (n *attrExpr) find(x value.Value) (value.Value, bool, error) {
	switch x := x.(type) {
	case *value.Dict:
		if n.key {
			v, ok := x.Lookup(n.name)
			return v, ok, nil
		}
	case *loop:
		return x.Attr(n.name)
	}
	return findAttr(x, n.name)
}

// got is what looking up an attribute or item gave. A mapping that fails to
// have it because something is undefined gives that undefined value.
func (f *frame) got(n expr, v value.Value, err error) (value.Value, error) {
	if u := undefinedOf(err); u != nil {
		return f.located(n, u)
	}
	if err != nil {
		return nil, f.fail(n, err)
	}
	return f.located(n, v)
}

// located evaluates v when it is a template, and lets an undefined v know
// where it was used.
func (f *frame) located(n expr, v value.Value) (value.Value, error) {
	switch u := v.(type) {
	case *value.Template:
		r, err := f.c.resolveTemplate(u)
		if err != nil {
			return nil, err
		}
		v = r
	case *value.Undefined:
		if u.Explain == nil && !u.Pos.Known() && !u.Plain {
			tpl, name := f.tpl, u.Name
			c := *u
			c.Explain = func() (source.Pos, string) { return tpl.position(n.offset()), f.attrHint(n, name) }
			v = &c
		}
	}
	return f.c.asked(v)
}

// attrHint suggests a key for one that a dict does not have, or says what there is.
func (f *frame) attrHint(n expr, name string) string {
	var x expr
	switch n := n.(type) {
	case *attrExpr:
		x = n.x
	case *itemExpr:
		x = n.x
	}
	if x == nil {
		return ""
	}
	v, err := x.eval(f)
	if err != nil {
		return ""
	}
	if m, ok := v.(value.Mapping); ok {
		return missHint(m, name)
	}
	if l, ok := v.(value.Sequence); ok && name != "" && strings.Trim(name, "-0123456789") == "" {
		return fmt.Sprintf("the %s has %d elements, counted from 0", v.Type(), l.Len())
	}
	return ""
}

// missHint suggests the key that was meant, else names the few that there are.
func missHint(m value.Mapping, name string) string {
	var names []string
	for _, k := range m.Keys() {
		names = append(names, value.String(k))
	}
	hint := strings.Trim(didYouMean(name, names), " ()")
	switch {
	case hint == "" && len(names) == 0:
		return "it is empty"
	case hint == "" && len(names) <= shownKeys:
		return "it has " + strings.Join(names, ", ")
	}
	return hint
}

func (n *itemExpr) eval(f *frame) (value.Value, error) {
	x, err := n.x.eval(f)
	if err != nil {
		return nil, err
	}
	key, err := n.key.eval(f)
	if err != nil {
		return nil, err
	}
	v, err := f.c.getItem(x, key)
	if _, used := key.(*value.Undefined); used && err != nil {
		return nil, f.fail(n, err)
	}
	return f.got(n, v, err)
}

func (n *sliceExpr) eval(f *frame) (value.Value, error) {
	x, err := n.x.eval(f)
	if err != nil {
		return nil, err
	}
	if u, ok := x.(*value.Undefined); ok && !u.Plain {
		return u, nil
	}
	var parts [3]value.Value
	for i, p := range [3]expr{n.start, n.stop, n.step} {
		parts[i] = value.None
		if p != nil {
			if parts[i], err = p.eval(f); err != nil {
				return nil, err
			}
		}
	}
	v, err := slice(x, parts[0], parts[1], parts[2])
	if err != nil {
		return nil, f.fail(n, err)
	}
	return v, nil
}
