package modules

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type mysqlQueryArgs struct {
	Query      value.Value   `arg:"query" type:"raw" required:"true" doc:"A statement, or a list of them."`
	Positional []value.Value `arg:"positional_args" doc:"Values for %s in the statements, in their order."`
	Named      *value.Dict   `arg:"named_args" doc:"Values for %(name)s in the statements."`
	DB         string        `arg:"login_db" doc:"Database to run the statements in."`
	Single     bool          `arg:"single_transaction" default:"false" doc:"All statements or none of them."`
	mysqlLogin
}

// mysqlQueryModule runs statements on MySQL and MariaDB and gives their rows.
func mysqlQueryModule() Module {
	return Define(Spec{
		Name:    "community.mysql.mysql_query",
		Summary: "Run SQL statements on MySQL",
		Doc: "Runs statements in one session and gives the rows they return. A statement that changes rows, or that makes, alters or drops something, is a change.\n" +
			"With arguments every other % in the statements is written %%. Numbers and NULL come back as such, dates and decimal numbers as text.",
		Examples: "- community.mysql.mysql_query:\n    login_db: shop\n    query: SELECT id, name FROM customers WHERE city = %s\n    positional_args:\n      - Utrecht\n    login_unix_socket: /run/mysqld/mysqld.sock\n",
		Returns: []Return{
			{"executed_queries", "list", "always", "The statements, with the values in them."},
			{"query_result", "list", "always", "A list of rows for each statement; a row is a dict of its columns."},
			{"rowcount", "list", "always", "How many rows each statement returned or changed."},
			{"execution_time_ms", "list", "always", "How long each took. The statements go to the server as one script: the time of all stands for the first, 0 for the others."},
		},
		MutuallyExclusive: [][]string{{"positional_args", "named_args"}},
	}, runMySQLQuery)
}

func runMySQLQuery(ctx context.Context, h target.Host, c *Call, a *mysqlQueryArgs) (*Result, error) {
	statements, err := a.statements()
	if err != nil {
		return nil, err
	}
	s, err := a.connect(ctx, h)
	if err != nil {
		return nil, err
	}
	if a.DB != "" {
		s.argv = append(s.argv, "--database="+a.DB)
	}
	begin := h.Now()
	answers, failure := s.batch(ctx, statements, a.Single)
	if failure != nil {
		if n := len(answers); n < len(statements) {
			return nil, Failf("Cannot execute SQL '%s' args [%s]: %w", statements[n], a.argsText(), failure)
		}
		return nil, failure
	}
	took := value.NewList(value.Float(float64(h.Now().Sub(begin).Microseconds()) / 1000))
	for range len(statements) - 1 {
		took.Append(value.Float(0))
	}
	res := new(Result)
	rows, counts := value.NewList(), value.NewList()
	for i, answer := range answers {
		res.Changed = res.Changed || changesData(statements[i], answer.count)
		rows.Append(answer.rows)
		counts.Append(value.Int(answer.count))
	}
	res.Set("executed_queries", statements).Set("query_result", rows)
	return res.Set("rowcount", counts).Set("execution_time_ms", took), nil
}

// statements gives the statements with the values in them.
func (a *mysqlQueryArgs) statements() ([]string, error) {
	var given []value.Value
	switch q := a.Query.(type) {
	case *value.List:
		given = q.Elems
	default:
		given = []value.Value{q}
	}
	var all []string
	for _, q := range given {
		text, isText := value.AsString(q)
		if !isText {
			return nil, Failf("the elements in query list must be strings, passed '%s' %s", value.String(q), q.Type())
		}
		text, err := a.fill(text)
		if err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, nil
}

// fill puts the arguments where a statement has %s or %(name)s.
func (a *mysqlQueryArgs) fill(statement string) (string, error) {
	if len(a.Positional) == 0 && a.Named.Len() == 0 {
		return statement, nil
	}
	var b strings.Builder
	left := a.Positional
	for {
		before, rest, found := strings.Cut(statement, "%")
		b.WriteString(before)
		if !found {
			break
		}
		name, after, isNamed := strings.Cut(strings.TrimPrefix(rest, "("), ")s")
		switch {
		case strings.HasPrefix(rest, "%"):
			b.WriteByte('%')
			statement = rest[1:]
		case strings.HasPrefix(rest, "s") && len(left) > 0:
			b.WriteString(mysqlLiteral(left[0]))
			left, statement = left[1:], rest[1:]
		case strings.HasPrefix(rest, "(") && isNamed && has(a.Named, name):
			b.WriteString(mysqlLiteral(a.Named.At(name)))
			statement = after
		default:
			return "", Failf("Cannot execute SQL '%s%%%s': there is no argument for what follows %%; write %%%% for the sign itself", before, rest)
		}
	}
	if len(left) > 0 {
		return "", Failf("not all arguments converted during string formatting: %d of positional_args have no %%s", len(left))
	}
	return b.String(), nil
}

func has(d *value.Dict, key string) bool {
	_, ok := d.Lookup(key)
	return ok
}

func (a *mysqlQueryArgs) argsText() string {
	switch {
	case a.Named.Len() > 0:
		return value.Repr(a.Named)
	case len(a.Positional) > 0:
		return value.Repr(value.NewList(a.Positional...))
	}
	return "None"
}

// mysqlLiteral writes a value as SQL.
func mysqlLiteral(v value.Value) string {
	switch v := v.(type) {
	case value.Bool:
		return strings.ToLower(value.String(v))
	case value.Int, value.Float:
		return value.String(v)
	case *value.List:
		var parts []string
		for _, e := range v.Elems {
			parts = append(parts, mysqlLiteral(e))
		}
		return "(" + strings.Join(parts, ",") + ")"
	}
	if v == value.None {
		return "NULL"
	}
	return mysqlQuote(value.String(v))
}

// changesData reports whether a statement that returned or changed n rows is a
// change.
func changesData(statement string, n int) bool {
	word := strings.ToUpper(strings.TrimSpace(statement))
	starts := func(w string) bool { return strings.HasPrefix(word, w) }
	return slices.ContainsFunc([]string{"CREATE", "DROP", "ALTER", "RENAME", "TRUNCATE"}, starts) ||
		n > 0 && slices.ContainsFunc([]string{"INSERT", "UPDATE", "DELETE", "REPLACE"}, starts)
}

// mysqlAnswer is what one statement gave.
type mysqlAnswer struct {
	rows  *value.List
	count int
}

// rowsColumn marks the row that is asked for after each statement.
const rowsColumn = "drover.rows"

// batch runs statements in one session, with types, and gives the answers of
// those that went well.
func (s *mysqlServer) batch(ctx context.Context, statements []string, single bool) ([]mysqlAnswer, error) {
	const end = "//drover//"
	var script strings.Builder
	script.WriteString(s.prelude)
	fmt.Fprintf(&script, "delimiter %s\n", end)
	if single {
		fmt.Fprintf(&script, "START TRANSACTION%s\n", end)
	}
	for _, statement := range statements {
		fmt.Fprintf(&script, "%s\n%s\nSELECT ROW_COUNT() AS `%s`%s\n", strings.TrimRight(statement, "; \n"), end, rowsColumn, end)
	}
	if single {
		fmt.Fprintf(&script, "COMMIT%s\n", end)
	}
	// Without --binary-mode the client would take \c and the like for itself.
	cmd := target.Cmd{
		Argv:  append(slices.Clone(s.argv), "--batch", "--xml", "--column-type-info", "--binary-mode", "--unbuffered", "--default-character-set=utf8mb4"),
		Env:   s.env,
		Stdin: strings.NewReader(script.String()),
	}
	out, err := runToolWith(ctx, s.h, cmd)
	if err != nil {
		return nil, err
	}
	answers := mysqlAnswers(out.Stdout)
	if out.RC != 0 {
		return answers, Failf("%s", out.said())
	}
	return answers, nil
}

// mysqlAnswers reads the results of a batch: what comes before a result set in
// XML tells the types of its columns.
func mysqlAnswers(text string) []mysqlAnswer {
	var answers []mysqlAnswer
	current := mysqlAnswer{rows: value.NewList()}
	for {
		info, rest, found := strings.Cut(text, "<resultset")
		if !found {
			return answers
		}
		body, after, _ := strings.Cut(rest, "</resultset>")
		types := columnTypes(info)
		for _, row := range parseMySQLRows(body) {
			if len(row) == 1 && row[0].Name == rowsColumn {
				// -1 is said of statements that return rows.
				if current.count, _ = strconv.Atoi(row[0].Text); current.count < 0 {
					current.count = current.rows.Len()
				}
				answers = append(answers, current)
				current = mysqlAnswer{rows: value.NewList()}
				continue
			}
			current.rows.Append(row.dict(types))
		}
		text = after
	}
}

// columnTypes reads the lines Type: of --column-type-info.
func columnTypes(info string) []string {
	var types []string
	for _, line := range splitLines(info) {
		if name, ok := strings.CutPrefix(line, "Type:"); ok {
			types = append(types, strings.TrimSpace(name))
		}
	}
	return types
}

// dict gives a row with its numbers as numbers.
func (r mysqlRow) dict(types []string) *value.Dict {
	d := value.NewDict(len(r))
	for i, f := range r {
		kind := ""
		if i < len(types) {
			kind = types[i]
		}
		d.Put(f.Name, f.typed(kind))
	}
	return d
}

func (f mysqlField) typed(kind string) value.Value {
	switch {
	case f.Null:
		return value.None
	case slices.Contains([]string{"TINY", "SHORT", "LONG", "LONGLONG", "INT24", "YEAR"}, kind):
		if n, err := strconv.ParseInt(f.Text, 10, 64); err == nil {
			return value.Int(n)
		}
	case kind == "FLOAT" || kind == "DOUBLE":
		if x, err := strconv.ParseFloat(f.Text, 64); err == nil {
			return value.Float(x)
		}
	case kind == "DATETIME" || kind == "TIMESTAMP":
		return value.Str(strings.Replace(f.Text, " ", "T", 1))
	}
	return value.Str(f.Text)
}
