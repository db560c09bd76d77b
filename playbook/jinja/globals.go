package jinja

import (
	"errors"
	"math/rand/v2"
	"strings"

	"drover/playbook/value"
)

// coreGlobals are the functions of Jinja2 that templates can call.
var coreGlobals = []*Func{
	{Name: "range", Call: globalRange},
	{Name: "dict", Call: globalDict, Lazy: true},
	{Name: "lipsum", Call: globalLipsum, Impure: true},
	{Name: "cycler", Call: globalCycler},
	{Name: "joiner", Call: globalJoiner},
	{Name: "namespace", Call: globalNamespace, Lazy: true},
}

func globalRange(c *Call) (value.Value, error) {
	if len(c.Args) == 0 || len(c.Args) > 3 || len(c.Kwargs) > 0 {
		return nil, TypeErrorf("range expected 1 to 3 arguments, got %d", len(c.Args))
	}
	r := &rangeValue{step: 1}
	var ns [3]int64
	for i, a := range c.Args {
		n, ok := value.AsInt(a)
		if !ok {
			return nil, TypeErrorf("'%s' object cannot be interpreted as an integer", a.Type())
		}
		ns[i] = n
	}
	switch len(c.Args) {
	case 1:
		r.stop = ns[0]
	case 2:
		r.start, r.stop = ns[0], ns[1]
	default:
		r.start, r.stop, r.step = ns[0], ns[1], ns[2]
	}
	if r.step == 0 {
		return nil, valueErrorf("range() arg 3 must not be zero")
	}
	return r, nil
}

func globalDict(c *Call) (value.Value, error) {
	if len(c.Args) > 1 {
		return nil, TypeErrorf("dict expected at most 1 argument, got %d", len(c.Args))
	}
	if u := firstUndefined(c.Args, c.Kwargs); u != nil {
		return u, nil
	}
	d := value.NewDict(len(c.Kwargs))
	if len(c.Args) == 1 {
		if err := c.Ctx.fillDict(d, c.Args[0]); err != nil {
			return nil, err
		}
	}
	for _, k := range c.Kwargs {
		d.Put(k.Name, k.Val)
	}
	return d, nil
}

// Attr gives the one class method that templates can call.
func (f *Func) Attr(name string) (value.Value, bool, error) {
	if f.Name == "dict" && name == "fromkeys" {
		return &Func{Name: name, Call: dictFromKeys}, true, nil
	}
	return nil, false, nil
}

// fillDict sets the pairs of a mapping or of an iterable of pairs in d.
func (c *Context) fillDict(d *value.Dict, v value.Value) error {
	if m, ok := v.(value.Mapping); ok {
		for _, k := range m.Keys() {
			e, _, err := m.Get(k)
			if err != nil {
				return err
			}
			d.Set(k, e)
		}
		return nil
	}
	pairs, err := c.elements(v)
	if err != nil {
		return err
	}
	for i, p := range pairs {
		kv, err := c.elements(p)
		if err != nil {
			return TypeErrorf("cannot convert dictionary update sequence element #%d to a sequence", i)
		}
		if len(kv) != 2 {
			return valueErrorf("dictionary update sequence element #%d has length %d; 2 is required", i, len(kv))
		}
		if err := hashable(kv[0], false); err != nil {
			return err
		}
		d.Set(kv[0], kv[1])
	}
	return nil
}

// namespace is an object whose attributes templates may assign.
type namespace struct{ d *value.Dict }

// Type implements value.Value.
func (*namespace) Type() string { return "Namespace" }

// Transient marks namespaces as no result of a template.
func (*namespace) Transient() {}

// Truth says that a namespace is true.
func (*namespace) Truth() bool { return true }

// Attr implements value.HasAttrs.
func (n *namespace) Attr(name string) (value.Value, bool, error) {
	v, ok := n.d.Lookup(name)
	return v, ok, nil
}

// Str implements value.Stringer.
func (n *namespace) Str() string { return n.Repr() }

// Repr implements value.Stringer.
func (n *namespace) Repr() string { return "<Namespace " + value.Repr(n.d) + ">" }

func globalNamespace(c *Call) (value.Value, error) {
	v, err := globalDict(c)
	if d, ok := v.(*value.Dict); ok && err == nil {
		return &namespace{d}, nil
	}
	return v, err
}

// cycler goes round a list of items.
type cycler struct {
	items []value.Value
	pos   int
}

// Type implements value.Value.
func (*cycler) Type() string { return "Cycler" }

// Transient marks cyclers as no result of a template.
func (*cycler) Transient() {}

// Truth says that a cycler is true.
func (*cycler) Truth() bool { return true }

// Attr implements value.HasAttrs.
func (y *cycler) Attr(name string) (value.Value, bool, error) {
	switch name {
	case "current":
		return y.items[y.pos], true, nil
	case "items":
		return value.Tuple(y.items), true, nil
	case "pos":
		return value.Int(y.pos), true, nil
	case "next":
		return &Func{Name: "next", Call: func(*Call) (value.Value, error) {
			v := y.items[y.pos]
			y.pos = (y.pos + 1) % len(y.items)
			return v, nil
		}}, true, nil
	case "reset":
		return &Func{Name: "reset", Call: func(*Call) (value.Value, error) {
			y.pos = 0
			return value.None, nil
		}}, true, nil
	}
	return nil, false, nil
}

func globalCycler(c *Call) (value.Value, error) {
	if len(c.Args) == 0 {
		return nil, errors.New("at least one item has to be provided")
	}
	return &cycler{items: c.Args}, nil
}

// joiner gives its separator each time but the first.
type joiner struct {
	sep  value.Value
	used bool
}

// Type implements value.Value.
func (*joiner) Type() string { return "Joiner" }

// Transient marks joiners as no result of a template.
func (*joiner) Transient() {}

// Truth says that a joiner is true.
func (*joiner) Truth() bool { return true }

// Attr implements value.HasAttrs.
func (j *joiner) Attr(name string) (value.Value, bool, error) {
	switch name {
	case "sep":
		return j.sep, true, nil
	case "used":
		return value.Bool(j.used), true, nil
	}
	return nil, false, nil
}

func (j *joiner) call(c *Call) (value.Value, error) {
	if !j.used {
		j.used = true
		return value.Str(""), nil
	}
	return j.sep, nil
}

func globalJoiner(c *Call) (value.Value, error) {
	var sep value.Value = value.Str(", ")
	err := c.Unpack("sep?", &sep)
	return &joiner{sep: sep}, err
}

const lipsumWords = "a ac accumsan ad adipiscing aenean aliquam aliquet amet ante arcu at auctor augue bibendum blandit " +
	"commodo condimentum congue consectetuer consequat convallis cras cubilia cum curabitur curae cursus dapibus diam " +
	"dictum dignissim dis dolor donec dui duis egestas eget eleifend elit enim erat eros est et etiam eu euismod " +
	"facilisi facilisis fames faucibus felis fermentum feugiat fringilla fusce gravida habitant hendrerit iaculis id " +
	"imperdiet in integer interdum ipsum justo lacinia lacus laoreet lectus leo libero ligula lobortis lorem luctus " +
	"maecenas magna mattis mauris metus mi molestie mollis montes morbi nam nascetur natoque nec neque netus nibh nisi " +
	"nisl non nonummy nulla nullam nunc odio orci ornare parturient pede pellentesque penatibus pharetra phasellus " +
	"placerat porta porttitor posuere potenti praesent pretium primis proin pulvinar purus quam quis quisque rhoncus " +
	"ridiculus risus rutrum sagittis sapien scelerisque sed sem semper senectus sit sociis sodales sollicitudin " +
	"suspendisse taciti tellus tempor tempus tincidunt tortor tristique turpis ullamcorper ultrices ultricies urna ut " +
	"varius vehicula vel velit venenatis vestibulum vitae vivamus viverra volutpat vulputate"

func globalLipsum(c *Call) (value.Value, error) {
	n, html, low, high := 5, true, 20, 100
	if err := c.Unpack("n?", &n, "html?", &html, "min?", &low, "max?", &high); err != nil {
		return nil, err
	}
	if n < 0 || low < 1 || high <= low || n*high > 1_000_000 {
		return nil, valueErrorf("lipsum(): the numbers are out of range")
	}
	words := strings.Fields(lipsumWords)
	var paragraphs []string
	for range n {
		p := paragraph(words, low+rand.IntN(high-low))
		if html {
			p = "<p>" + p + "</p>"
		}
		paragraphs = append(paragraphs, p)
	}
	if html {
		return value.Str(strings.Join(paragraphs, "\n")), nil
	}
	return value.Str(strings.Join(paragraphs, "\n\n")), nil
}

func paragraph(words []string, n int) string {
	var b strings.Builder
	capital := true
	for i := range n {
		w := words[rand.IntN(len(words))]
		if capital {
			w = strings.ToUpper(w[:1]) + w[1:]
			capital = false
		}
		b.WriteString(w)
		switch {
		case i == n-1:
			b.WriteByte('.')
		case i%13 == 12:
			b.WriteString(". ")
			capital = true
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}
