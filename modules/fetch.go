package modules

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"io"

	"drover/modules/target"
)

type fetchArgs struct {
	Src              string `arg:"src" type:"path" required:"true" doc:"The file on the host."`
	Dest             string `arg:"dest" required:"true" doc:"Folder on the controller; the file goes to dest/HOST/src."`
	Flat             bool   `arg:"flat" default:"false" doc:"dest is the file itself (or, with a slash at its end, the folder it goes to)."`
	FailOnMissing    bool   `arg:"fail_on_missing" default:"true" doc:"A file that can't be read is a failure."`
	ValidateChecksum bool   `arg:"validate_checksum" default:"true" doc:"Compare checksums after the transfer."`
	Sum              string `arg:"_sum" hidden:"true"`
}

// fetchModule brings a file to the controller, whose half of the module says
// what it has already.
func fetchModule() Module {
	return Define(Spec{
		Name:     "ansible.builtin.fetch",
		Summary:  "Bring a file from hosts to the controller",
		Doc:      "Copies a file of the host to the controller, into a folder for each host. The contents come as a stream, and only when the checksums differ. In check mode it is skipped.",
		Examples: "- ansible.builtin.fetch:\n    src: /var/log/app.log\n    dest: collected\n",
		Returns: []Return{
			{"dest", "str", "success", "The file on the controller."},
			{"checksum", "str", "success", "SHA-1 of the contents; md5sum likewise."},
		},
	}, runFetch)
}

const unreadable = "File is not readable: "

func runFetch(ctx context.Context, h target.Host, c *Call, a *fetchArgs) (*Result, error) {
	r := new(Result)
	info, err := h.Stat(a.Src)
	switch {
	case isMissing(err):
		return r.Set("problem", "the remote file does not exist, not transferring, ignored"), nil
	case err != nil:
		return r.Set("problem", unreadable+a.Src).Set("stat_error", errnoText(err).Error()), nil
	case info.IsDir():
		return r.Set("problem", "remote file is a directory, fetch cannot work on directories"), nil
	}
	if a.Sum == "" {
		return r, a.sendSummed(ctx, h, c, r)
	}
	sum, err := sumFile(h, a.Src, "sha1")
	if err != nil {
		return r.Set("problem", unreadable+a.Src), nil
	}
	r.Set("checksum", sum).Set("size", info.Size).Set("sent", sum != a.Sum)
	if sum == a.Sum {
		return r, nil
	}
	r.Changed = true
	return r, sendFile(ctx, h, c, a.Src, "file")
}

// sendSummed sends a file that the controller has nothing to compare with, and
// works out its checksum on the way.
func (a *fetchArgs) sendSummed(ctx context.Context, h target.Host, c *Call, r *Result) error {
	in, err := h.Open(a.Src)
	if err != nil {
		r.Set("problem", unreadable+a.Src)
		return nil
	}
	defer in.Close()
	sum := sha1.New()
	n, err := send(ctx, c, in, a.Src, "file", sum)
	if err != nil {
		return err
	}
	r.Changed = true
	r.Set("checksum", hex.EncodeToString(sum.Sum(nil))).Set("size", n).Set("sent", true)
	return nil
}

// sendFile streams a file to the controller.
func sendFile(ctx context.Context, h target.Host, c *Call, path, name string) error {
	in, err := h.Open(path)
	if err != nil {
		return Failf("can't read %s: %w", path, reason(err))
	}
	defer in.Close()
	_, err = send(ctx, c, in, path, name, io.Discard)
	return err
}

// sendBuffer is how much of a file is read at a time: a few frames.
const sendBuffer = 256 << 10

// send streams what in holds to the controller, and writes it to also; path is
// for messages.
func send(ctx context.Context, c *Call, in io.Reader, path, name string, also io.Writer) (int64, error) {
	if c.Blobs == nil {
		return 0, Failf("there is no way to send %s to the controller", path)
	}
	out, err := c.Blobs.Send(ctx, name)
	if err != nil {
		return 0, Failf("could not send %s: %w", path, err)
	}
	n, err := io.CopyBuffer(io.MultiWriter(also, out), struct{ io.Reader }{in}, make([]byte, sendBuffer))
	if err = errors.Join(err, out.Close()); err != nil {
		return n, Failf("could not send %s: %w", path, err)
	}
	return n, nil
}
