package playbook

func (r *reader) checkArgs(t *Task, at place) {}
