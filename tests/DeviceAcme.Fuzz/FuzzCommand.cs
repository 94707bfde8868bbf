using System.CommandLine;
using System.Globalization;

namespace DeviceAcme.Fuzz;

/// <summary>The command line: stdout has the figures, stderr the progress.</summary>
internal static class FuzzCommand
{
    private const int Found = 1;
    private const int Wrong = 2;
    private const int Usual = 100_000;

    public static int Run(string[] arguments, TextWriter output, TextWriter error)
    {
        var parser = new Argument<string?>("PARSER") { Description = "its name; without one, all are fed after one another", Arity = ArgumentArity.ZeroOrOne };
        var inputs = new Option<int>("--inputs") { Description = $"how many inputs for each parser (default: {Usual})", DefaultValueFactory = _ => Usual };
        var seed = new Option<int>("--seed") { Description = "the same seed gives the same inputs (default: 1)", DefaultValueFactory = _ => 1 };
        var corpus = new Option<string?>("--corpus") { HelpName = "DIR", Description = "recorded evidence, to break that too (./dev fuzz names it where it is)" };
        corpus.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } folder && !Directory.Exists(folder))
            {
                result.AddError($"--corpus: there is no folder {folder}");
            }
        });
        var keep = new Option<string>("--keep") { HelpName = "DIR", Description = "where inputs are kept that did what none may do (default: .dev/fuzz)", DefaultValueFactory = _ => Path.Combine(".dev", "fuzz") };
        var root = new RootCommand("Feeds the parsers of what devices and clients send with broken inputs. No input may escape as another exception than the parser's own, or take more memory or time than its length explains.")
        {
            parser, inputs, seed, corpus, keep,
        };
        root.SetAction(parsed =>
        {
            var targets = Targets.All(new Seeds(parsed.GetValue(corpus)));
            var name = parsed.GetValue(parser);
            var chosen = name is null ? targets : [.. targets.Where(target => target.Name == name)];
            if (chosen.Count == 0)
            {
                error.WriteLine($"fuzz: error: no parser is named '{name}'");
                error.WriteLine($"fuzz: hint: there are {string.Join(", ", targets.Select(target => target.Name))}");
                return Wrong;
            }

            var found = 0;
            foreach (var target in chosen)
            {
                error.WriteLine($"fuzz: {target.Name}: {target.What}; {target.Seeds.Count} seeds");
                var report = new FuzzRun(target, parsed.GetValue(seed)).Go(parsed.GetValue(inputs), fed =>
                {
                    if (fed > 0 && fed % 100_000 == 0)
                    {
                        error.WriteLine($"fuzz: {target.Name}: {fed}");
                    }
                });
                output.WriteLine(Text(report));
                found += report.Findings.Count;
                Keep(report, parsed.GetRequiredValue(keep), output);
            }

            return found > 0 ? Found : 0;
        });
        return root.Parse(arguments).Invoke();
    }

    private static string Text(FuzzReport report) => string.Create(CultureInfo.InvariantCulture,
        $"{report.Target}: {report.Inputs} inputs{(report.Verified > 0 ? $" ({report.Verified} verified to the end)" : "")}, {report.Behaviours} outcomes told apart, "
        + $"largest allocation {report.LargestAllocation} bytes, longest {report.LongestMilliseconds:0.0} ms, {report.Elapsed.TotalSeconds:0} s, {report.Findings.Count} findings; "
        + $"{string.Join(", ", report.Outcomes.Take(6).Select(outcome => $"{outcome.Outcome} {outcome.Count}"))}");

    private static void Keep(FuzzReport report, string folder, TextWriter output)
    {
        for (var i = 0; i < report.Findings.Count; i++)
        {
            Directory.CreateDirectory(folder);
            var file = Path.Combine(folder, $"{report.Target}-{i + 1}.bin");
            File.WriteAllBytes(file, report.Findings[i].Input);
            output.WriteLine($"  {report.Findings[i].What}");
            output.WriteLine($"  {file}");
        }
    }
}
