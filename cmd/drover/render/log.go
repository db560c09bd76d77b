package render

import (
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"time"
)

// Log is the writer behind the printer of a log file: each message begins with
// the time, the process, the user and how much it matters, as in Ansible's.
type Log struct {
	file io.Writer
	head string // what all messages have between the time and the level
	now  func() time.Time
}

// NewLog makes a Log that appends to file.
func NewLog(file io.Writer) *Log {
	name := fmt.Sprint(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return &Log{file: file, head: fmt.Sprintf("p=%d u=%s n=ansible", os.Getpid(), name), now: time.Now}
}

// Write implements io.Writer; each call is one message.
func (l *Log) Write(p []byte) (int, error) {
	text := strings.TrimLeft(string(p), "\n")
	if text == "" {
		return len(p), nil
	}
	stamp := strings.Replace(l.now().Format("2006-01-02 15:04:05.000"), ".", ",", 1)
	_, err := fmt.Fprintf(l.file, "%s %s %s| %s", stamp, l.head, logLevel(text), text)
	return len(p), err
}

// logLevel tells by its heading how much a message matters.
func logLevel(text string) string {
	switch {
	case strings.HasPrefix(text, "[WARNING]"), strings.HasPrefix(text, "[DEPRECATION WARNING]"):
		return "WARNING"
	case strings.HasPrefix(text, "[ERROR]"):
		return "ERROR"
	}
	return "INFO"
}
