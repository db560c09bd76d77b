package playbook

import (
	"slices"
	"strconv"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// kind reads a keyword's value: it checks what is static, reports an error
// otherwise, and gives the value to keep (nil after an error).
type kind func(r *reader, name string, n *yaml.Node) value.Value

func (r *reader) wrongKind(name string, n *yaml.Node, want string) {
	r.errs.Add(kindError(name, n, want))
}

func kindError(name string, n *yaml.Node, want string) *source.Error {
	e := source.Errorf(n.Pos, "'%s' must be %s, not %s", name, want, n.What())
	if s, ok := n.Text(); ok {
		wide(e, s)
		e.Msg = "'" + name + "' must be " + want + ", not '" + s + "'"
	}
	return e
}

// text takes one line of text; numbers and booleans count as their text.
func text(r *reader, name string, n *yaml.Node) value.Value {
	if n.Kind != yaml.Scalar {
		r.wrongKind(name, n, "a string")
		return nil
	}
	if _, ok := n.Text(); ok {
		return r.keep(n)
	}
	return value.Str(value.String(n.Scalar))
}

// shown is text for people only: a task whose name can't be evaluated runs, and
// its heading says why.
func shown(r *reader, name string, n *yaml.Node) value.Value {
	if n.IsTemplate() && r.faults != nil {
		return n.Value()
	}
	return text(r, name, n)
}

var boolTexts = []string{"yes", "y", "true", "t", "on", "1", "no", "n", "false", "f", "off", "0"}

// boolean takes true, false and the words that Ansible takes for them.
func boolean(r *reader, name string, n *yaml.Node) value.Value {
	if n.IsTemplate() {
		return r.keep(n)
	}
	switch v := n.Scalar.(type) {
	case value.Bool:
		return v
	case value.Int:
		if v == 0 || v == 1 {
			return v
		}
	case value.Str:
		if slices.Contains(boolTexts, strings.ToLower(string(v))) {
			return v
		}
	}
	if r.tolerant {
		return r.keep(n)
	}
	r.wrongValue(name, n, "true or false")
	return nil
}

// integer takes a whole number, also as text.
func integer(r *reader, name string, n *yaml.Node) value.Value {
	return number(r, name, n, "a whole number", func(s string) bool {
		_, err := strconv.ParseInt(s, 10, 64)
		return err == nil
	})
}

// decimal takes any number, also as text.
func decimal(r *reader, name string, n *yaml.Node) value.Value {
	return number(r, name, n, "a number", isDecimal)
}

// percent takes a number with or without a percent sign.
func percent(r *reader, name string, n *yaml.Node) value.Value {
	return number(r, name, n, "a number or a percentage", func(s string) bool {
		return isDecimal(strings.TrimSuffix(s, "%"))
	})
}

func isDecimal(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

func number(r *reader, name string, n *yaml.Node, want string, fits func(string) bool) value.Value {
	if n.IsTemplate() {
		return r.keep(n)
	}
	if n.Kind == yaml.Scalar {
		if _, isBool := n.Scalar.(value.Bool); !isBool && fits(strings.TrimSpace(value.String(n.Scalar))) {
			return n.Scalar
		}
	}
	r.wrongValue(name, n, want)
	return nil
}

// oneOf takes one of some words.
func oneOf(words ...string) kind {
	return func(r *reader, name string, n *yaml.Node) value.Value {
		s, ok := n.Text()
		if n.IsTemplate() || ok && slices.Contains(words, s) {
			return r.keep(n)
		}
		e := r.faultf(n.Pos, "'%s' must be one of %s%s", name, strings.Join(words, ", "), source.DidYouMean(s, words))
		wide(e, s)
		return nil
	}
}

// listOrText takes a list, or text that stands for a list of one.
func listOrText(r *reader, name string, n *yaml.Node) value.Value {
	if n.Kind == yaml.Mapping {
		r.wrongKind(name, n, "a list")
		return nil
	}
	return r.keep(n)
}

// values takes a list, or one element in place of it.
func (r *reader) values(n *yaml.Node) []value.Value {
	if n.Kind != yaml.List {
		return []value.Value{r.keep(n)}
	}
	out := make([]value.Value, 0, len(n.Items))
	for _, item := range n.Items {
		if !item.IsNull() {
			out = append(out, r.keep(item))
		}
	}
	return out
}

// scalars is values for lists of plain words (notify, listen).
func (r *reader) scalars(name string, n *yaml.Node) []value.Value {
	for _, item := range elements(n) {
		if item.Kind == yaml.Mapping {
			r.wrongKind(name, item, "a string or a list of strings")
			return nil
		}
	}
	return r.values(n)
}

// elements gives the items of a list, or the node itself.
func elements(n *yaml.Node) []*yaml.Node {
	if n.Kind == yaml.List {
		return n.Items
	}
	return []*yaml.Node{n}
}

// strings takes a list of texts known while loading.
func (r *reader) strings(name string, n *yaml.Node) []string {
	var out []string
	for _, item := range elements(n) {
		s, ok := item.Text()
		if !ok {
			r.wrongKind(name, item, "a string or a list of strings")
			continue
		}
		out = append(out, s)
	}
	return out
}

// tags splits comma-separated tags; a template stays whole.
func (r *reader) tags(name string, n *yaml.Node) []value.Value {
	var out []value.Value
	for _, item := range elements(n) {
		switch {
		case item.IsNull():
		case n.Kind != yaml.List && !isText(n):
			general(r.errorf(item.Pos, "tags must be specified as a list, or as text, not %s", n.What()))
		case item.Kind != yaml.Scalar:
			r.errs.Add(general(kindError(name, item, "a string or a list of strings")))
		case item.IsTemplate():
			out = append(out, r.keep(item))
		case n.Kind == yaml.List: // commas part tags only where no list does
			out = append(out, value.Str(value.String(item.Scalar)))
		default:
			for tag := range strings.SplitSeq(value.String(item.Scalar), ",") {
				if tag = strings.TrimSpace(tag); tag != "" {
					out = append(out, value.Str(tag))
				}
			}
		}
	}
	return out
}

func isText(n *yaml.Node) bool {
	_, ok := n.Text()
	return ok
}

// conds takes one condition or a list of them, and checks their syntax.
func (r *reader) conds(name string, n *yaml.Node) []Cond {
	var out []Cond
	for _, item := range elements(n) {
		if item.IsNull() {
			continue
		}
		if item.Kind != yaml.Scalar {
			r.wrongValue(name, item, "an expression or a list of expressions")
			continue
		}
		c := Cond{Expr: item.Scalar, Pos: item.Pos}
		switch item.Scalar.(type) {
		case value.Bool:
		case *value.Template:
			r.checkTemplates(item)
		default:
			s := value.String(item.Scalar)
			c.Expr = value.Str(s)
			r.checkExpr(s, item.Pos)
		}
		out = append(out, c)
	}
	return out
}

// vars takes a mapping of variables, or the old list of mappings.
func (r *reader) vars(name string, n *yaml.Node) *value.Dict {
	if n.Kind != yaml.Mapping {
		r.wrongKind(name, n, "a mapping of names to values")
		return nil
	}
	for _, p := range n.Pairs {
		if why := badVariableName(p.Name()); why != "" {
			general(wide(r.errorf(p.Key.Pos, "'%s' is not a name for a variable: %s", p.Name(), why), p.Name()))
		}
	}
	return n.Dict()
}

// jinjaNames are the words that no template can use as a variable.
var jinjaNames = []string{"true", "false", "none", "True", "False", "None", "not"}

// badVariableName says why a name can't be a variable's, or "".
func badVariableName(name string) string {
	for i, c := range name {
		if !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9') {
			return "names are made of letters, digits and underscores, and start with no digit"
		}
	}
	if name == "" || slices.Contains(jinjaNames, name) {
		return "it is a reserved word"
	}
	return ""
}
