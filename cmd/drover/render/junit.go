package render

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"drover/internal/dump"
	"drover/playbook/event"
	"drover/playbook/source"
	"drover/playbook/value"
)

// JUnit writes a JUnit XML file that CI servers read: a suite for each play, a
// case for each task and host. Call Close after the run.
type JUnit struct {
	path   string
	start  time.Time
	suites []*junitSuite
	items  map[string][]string // by host: what the failed items of its loop said
}

type (
	junitFile struct {
		XMLName  xml.Name      `xml:"testsuites"`
		Name     string        `xml:"name,attr"`
		Tests    int           `xml:"tests,attr"`
		Failures int           `xml:"failures,attr"`
		Errors   int           `xml:"errors,attr"`
		Skipped  int           `xml:"skipped,attr"`
		Time     string        `xml:"time,attr"`
		Suites   []*junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name      string      `xml:"name,attr"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Errors    int         `xml:"errors,attr"`
		Skipped   int         `xml:"skipped,attr"`
		Time      string      `xml:"time,attr"`
		Timestamp string      `xml:"timestamp,attr,omitempty"`
		Cases     []junitCase `xml:"testcase"`
		took      time.Duration
	}
	junitCase struct {
		Name      string       `xml:"name,attr"`
		Class     string       `xml:"classname,attr"`
		File      string       `xml:"file,attr,omitempty"`
		Line      int          `xml:"line,attr,omitempty"`
		Time      string       `xml:"time,attr"`
		Skipped   *junitReason `xml:"skipped"`
		Failure   *junitReason `xml:"failure"`
		Error     *junitReason `xml:"error"`
		SystemOut string       `xml:"system-out,omitempty"`
	}
	junitReason struct {
		Message string `xml:"message,attr,omitempty"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// NewJUnit makes the sink; the file is written by Close.
func NewJUnit(path string) *JUnit {
	return &JUnit{path: path, start: time.Now(), items: map[string][]string{}}
}

// Event implements event.Sink.
func (j *JUnit) Event(e event.Event) {
	switch e := e.(type) {
	case event.RunStart:
		j.start = e.Time
	case event.PlayStart:
		j.suite(e.Name)
	case event.Item:
		j.item(e)
	case event.Result:
		j.add(j.makeCase(e), e.End.Sub(e.Start), e.Start)
		delete(j.items, e.Host)
	case event.ErrorEvent:
		j.Fail(e.Err)
	}
}

// Fail adds a case for an error of the run itself, so that a CI server shows
// it.
func (j *JUnit) Fail(err error) {
	j.suite("drover")
	j.add(junitCase{Name: "run", Class: "drover",
		Error: &junitReason{Message: clean(err.Error()), Type: "error", Text: clean(source.Format(err))}}, 0, time.Now())
}

func (j *JUnit) suite(name string) {
	if n := len(j.suites); n > 0 && j.suites[n-1].Name == name {
		return // a play's next batch
	}
	j.suites = append(j.suites, &junitSuite{Name: clean(name)})
}

// item keeps what a failed item said for the case of its whole loop.
func (j *JUnit) item(e event.Item) {
	if e.Status == event.Failed || e.Status == event.Unreachable {
		j.items[e.Host] = append(j.items[e.Host], "(item="+label(e.Task, e.Label)+") "+details(e.Task, e.Result, e.Err))
	}
}

func details(t *event.TaskInfo, r *value.Dict, err error) string {
	b := base{Options: Options{Format: Readable}}
	return clean(b.readable(t, guard(t, r), err))
}

func (j *JUnit) makeCase(e event.Result) junitCase {
	play := "drover"
	if n := len(j.suites); n > 0 {
		play = j.suites[n-1].Name
	}
	c := junitCase{
		Name: clean(e.Task.Heading()), Class: undotted(play) + "." + undotted(e.Host),
		File: e.Task.Pos.File, Line: e.Task.Pos.Line,
	}
	r := guard(e.Task, e.Result)
	text := strings.Join(append([]string{details(e.Task, e.Result, e.Err)}, j.items[e.Host]...), "\n")
	reason := &junitReason{Message: clean(message(r)), Type: string(e.Status), Text: text}
	switch {
	case e.Status == event.Skipped:
		c.Skipped = &junitReason{Message: clean(dump.Text(r.At("skip_reason")))}
	case e.Ignored, e.Rescued && e.Status == event.Failed:
		c.SystemOut = "failed, and handled by the playbook: " + text
	case e.Status == event.Unreachable:
		c.Error = reason
	case e.Status == event.Failed:
		c.Failure = reason
	default:
		c.SystemOut = output(r)
	}
	return c
}

func output(r *value.Dict) string {
	if s, ok := value.AsString(r.At("stdout")); ok {
		return clean(s)
	}
	return ""
}

func (j *JUnit) add(c junitCase, took time.Duration, at time.Time) {
	if len(j.suites) == 0 {
		j.suite("drover")
	}
	s := j.suites[len(j.suites)-1]
	if s.Timestamp == "" {
		s.Timestamp = at.UTC().Format("2006-01-02T15:04:05")
	}
	c.Time = secs(took)
	s.took += took
	s.Time = secs(s.took)
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

// Close writes the file, replacing an older one at once.
func (j *JUnit) Close() error {
	f := junitFile{Name: "drover", Time: secs(time.Since(j.start)), Suites: j.suites}
	for _, s := range j.suites {
		f.Tests += s.Tests
		f.Failures += s.Failures
		f.Errors += s.Errors
		f.Skipped += s.Skipped
		if s.Time == "" {
			s.Time = secs(0)
		}
	}
	data, err := xml.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("JUnit report: %w", err)
	}
	return writeAtOnce(j.path, append([]byte(xml.Header), append(data, '\n')...))
}

func writeAtOnce(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("JUnit report: %w", err)
	}
	tmp := path + ".part"
	if err := os.WriteFile(tmp, data, 0o644); err != nil {
		return fmt.Errorf("JUnit report: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("JUnit report: %w", err)
	}
	return nil
}

func secs(d time.Duration) string { return fmt.Sprintf("%.3f", max(d, 0).Seconds()) }

// undotted keeps CI servers from reading packages into a name.
func undotted(s string) string { return strings.ReplaceAll(s, ".", "_") }

// clean drops the characters that XML can't hold, and terminals' colours.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= 0x20 && r != 0xfffe && r != 0xffff && r != 0x7f {
			return r
		}
		return -1
	}, s)
}
