package interchange

import (
	"os"
	"strings"
	"testing"
)

// TestDocs compares the reference with the code: it has a section for every
// kind, and names every key; its example can be imported.
func TestDocs(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/interchange.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	sections := map[string]string{}
	for _, section := range strings.Split(text, "\n### ")[1:] {
		heading, body, _ := strings.Cut(section, "\n")
		for kind := range strings.SplitSeq(heading, ", ") {
			sections[kind] = body
		}
	}
	for k := range kinds {
		section, ok := sections[kinds[k].name]
		if !ok {
			t.Errorf("no section for %s", kinds[k].name)
		}
		for _, f := range kinds[k].plan.fields {
			if !strings.Contains(section, "`"+f.name+"`") {
				t.Errorf("the section of %s does not name %s", kinds[k].name, f.name)
			}
		}
	}
	_, example, _ := strings.Cut(text, "```json\n")
	example, _, _ = strings.Cut(example, "```")
	if sum := mustImport(t, openSQLite(t), example); sum.Records() != int64(strings.Count(example, "\n")) || sum.Records() == 0 {
		t.Errorf("the example: %+v", sum)
	}
}
