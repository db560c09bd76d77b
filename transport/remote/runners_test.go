package remote

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestSelfRunnerIsNamedByItsBuild(t *testing.T) {
	self, err := SelfRunner()
	if err != nil {
		t.Fatal(err)
	}
	again, err := SelfRunner()
	if err != nil || again.Name != self.Name || len(self.Name) != nameLen {
		t.Errorf("named %q, then %q; %v", self.Name, again.Name, err)
	}
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" && buildID(path) == "" {
		t.Error("no build ID in a program that Go built")
	}
}

func TestFileRunnerIsNamedByItsContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "drover-runner-plan9-arm")
	if err := os.WriteFile(path, []byte("abc"), 0o755); err != nil {
		t.Fatal(err)
	}
	r, err := FileRunner(path, "plan9", "arm")
	if err != nil || r.Name != "ba7816bf8f01cfea414140de5dae2223b00361a3" || r.Size != 3 {
		t.Errorf("got %+v, %v", r, err)
	}
	if buildID(path) != "" {
		t.Error("a build ID in what is no program")
	}
}
