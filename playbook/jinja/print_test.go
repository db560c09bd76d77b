package jinja

import (
	"strings"

	"drover/playbook/value"
)

// printTemplate writes a parsed template as source again, fully parenthesized;
// the fuzz tests parse the result and compare.
func printTemplate(t *template) string {
	if t.expr != nil {
		return exprText(t.expr)
	}
	var b strings.Builder
	printBody(&b, t.root.body)
	return b.String()
}

func printBody(b *strings.Builder, body []stmt) {
	for _, s := range body {
		printStatement(b, s)
	}
}

func printStatement(b *strings.Builder, s stmt) {
	tag := func(parts ...string) { b.WriteString("{% " + strings.Join(parts, " ") + " +%}") }
	switch s := s.(type) {
	case *textStmt:
		b.WriteString("{% raw %}" + value.String(s.text) + "{% endraw +%}")
	case *printStmt:
		b.WriteString("{{ " + exprText(s.x) + " }}")
	case *ifStmt:
		tag("if", exprText(s.test))
		printBody(b, s.yes)
		if s.hasElse {
			tag("else")
			printBody(b, s.no)
		}
		tag("endif")
	case *forStmt:
		head := []string{"for", targetText(&s.target), "in", exprText(s.iter)}
		if s.filter != nil {
			head = append(head, "if", exprText(s.filter))
		}
		if s.recursive != nil {
			head = append(head, "recursive")
		}
		tag(head...)
		printBody(b, s.body)
		tag("else")
		printBody(b, s.els)
		tag("endfor")
	case *setStmt:
		tag("set", targetText(&s.target), "=", exprText(s.x))
	case *setBlockStmt:
		tag("set", targetText(&s.target)+filterChain(s.filters, "|"))
		printBody(b, s.body)
		tag("endset")
	case *filterStmt:
		tag("filter", strings.TrimPrefix(filterChain(s.filters, "|"), "|"))
		printBody(b, s.body)
		tag("endfilter")
	case *withStmt:
		var pairs []string
		for i := range s.targets {
			pairs = append(pairs, targetText(&s.targets[i])+"="+exprText(s.vals[i]))
		}
		tag("with", strings.Join(pairs, ", "))
		printBody(b, s.body)
		tag("endwith")
	case *macroStmt:
		tag("macro", s.macro.name+signatureText(s.macro))
		printBody(b, s.macro.body)
		tag("endmacro")
	case *callStmt:
		tag("call"+signatureText(s.macro), exprText(s.call))
		printBody(b, s.macro.body)
		tag("endcall")
	default:
		printFileStatement(b, s, tag)
	}
}

func printFileStatement(b *strings.Builder, s stmt, tag func(...string)) {
	context := func(with bool) string {
		if with {
			return "with context"
		}
		return "without context"
	}
	switch s := s.(type) {
	case *blockStmt:
		head := []string{"block", s.name}
		if s.scoped {
			head = append(head, "scoped")
		}
		if s.required {
			head = append(head, "required")
		}
		tag(head...)
		printBody(b, s.def.body)
		tag("endblock")
	case *extendsStmt:
		tag("extends", exprText(s.x))
	case *includeStmt:
		missing := ""
		if s.ignoreMissing {
			missing = "ignore missing"
		}
		tag("include", exprText(s.x), missing, context(s.withContext))
	case *importStmt:
		if s.target != nil {
			tag("import", exprText(s.x), "as", s.target.name, context(s.withContext))
			return
		}
		var names []string
		for _, n := range s.names {
			names = append(names, n.name+" as "+n.as)
		}
		tag("from", exprText(s.x), "import", strings.Join(names, ", "), context(s.withContext))
	case *scopeStmt:
		tag("autoescape", "true")
		printBody(b, s.body)
		tag("endautoescape")
	}
}

func signatureText(m *macroDef) string {
	parts := append([]string{}, m.params...)
	first := len(parts) - len(m.defaults)
	for i, d := range m.defaults {
		parts[first+i] += "=" + exprText(d)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

func targetText(t *target) string {
	switch {
	case t.tuple:
		var parts []string
		for i := range t.elems {
			parts = append(parts, targetText(&t.elems[i]))
		}
		return "(" + strings.Join(parts, ", ") + ",)"
	case t.ns != nil:
		return t.ns.name + "." + t.attr
	}
	return t.name
}

func filterChain(fs []*filterExpr, sep string) string {
	var b strings.Builder
	for _, f := range fs {
		b.WriteString(sep + f.name + f.written())
	}
	return b.String()
}

func (a *args) written() string {
	parts := exprTexts(a.pos)
	for _, k := range a.kw {
		parts = append(parts, k.name+"="+exprText(k.x))
	}
	if a.star != nil {
		parts = append(parts, "*"+exprText(a.star))
	}
	if a.ds != nil {
		parts = append(parts, "**"+exprText(a.ds))
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

func exprTexts(xs []expr) []string {
	var parts []string
	for _, x := range xs {
		parts = append(parts, exprText(x))
	}
	return parts
}

func exprText(x expr) string {
	switch x := x.(type) {
	case *constExpr:
		return constText(x.v)
	case *nameExpr:
		return x.name
	case *listExpr:
		return "[" + strings.Join(exprTexts(x.elems), ", ") + "]"
	case *tupleExpr:
		if len(x.elems) == 0 {
			return "()"
		}
		return "(" + strings.Join(exprTexts(x.elems), ", ") + ",)"
	case *dictExpr:
		var parts []string
		for i := range x.keys {
			parts = append(parts, exprText(x.keys[i])+": "+exprText(x.vals[i]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case *unaryExpr:
		return "(" + string(x.op) + exprText(x.x) + ")"
	case *notExpr:
		return "(not " + exprText(x.x) + ")"
	case *binaryExpr:
		return "(" + exprText(x.x) + " " + binopText[x.op] + " " + exprText(x.y) + ")"
	case *concatExpr:
		return "(" + strings.Join(exprTexts(x.parts), " ~ ") + ")"
	case *logicExpr:
		op := " and "
		if x.or {
			op = " or "
		}
		return "(" + exprText(x.x) + op + exprText(x.y) + ")"
	case *compareExpr:
		s := "(" + exprText(x.x)
		for _, r := range x.rest {
			s += " " + cmpopText[r.op] + " " + exprText(r.y)
		}
		return s + ")"
	case *condExpr:
		s := "(" + exprText(x.yes) + " if " + exprText(x.test)
		if x.no != nil {
			s += " else " + exprText(x.no)
		}
		return s + ")"
	case *attrExpr:
		return exprText(x.x) + "." + x.name
	case *itemExpr:
		return exprText(x.x) + "[" + exprText(x.key) + "]"
	case *sliceExpr:
		part := func(e expr) string {
			if e == nil {
				return ""
			}
			return exprText(e)
		}
		return exprText(x.x) + "[" + part(x.start) + ":" + part(x.stop) + ":" + part(x.step) + "]"
	case *callExpr:
		return exprText(x.fn) + x.written()
	case *filterExpr:
		return "(" + exprText(x.x) + "|" + x.name + x.written() + ")"
	case *testExpr:
		return "(" + exprText(x.x) + " is " + x.name + x.written() + ")"
	}
	return "?"
}

// constText writes a constant; backslashes are escapes in what is printed.
func constText(v value.Value) string {
	s, ok := value.AsString(v)
	if !ok {
		return value.Repr(v)
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
