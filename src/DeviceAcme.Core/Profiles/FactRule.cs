using DeviceAcme.Attestation;

namespace DeviceAcme.Core.Profiles;

/// <summary>What a profile demands of the facts that evidence proves. Absent, blank, unproven and different are four answers, none of them "holds".</summary>
internal abstract record FactRule
{
    private FactRule()
    {
    }

    /// <summary>The rule as people read it, for example <c>os.version &gt;= 14.2</c>.</summary>
    public abstract string Text { get; }

    /// <summary>The facts that the rule looks at.</summary>
    public abstract IEnumerable<string> FactNames { get; }

    /// <summary>Judges the facts. Never throws for what they say.</summary>
    public abstract FactAnswer Judge(FactSet facts);

    /// <summary>Every rule must hold; the first that does not is the answer.</summary>
    public sealed record All(IReadOnlyList<FactRule> Rules) : FactRule
    {
        public override string Text => Join(Rules, " and ");

        public override IEnumerable<string> FactNames => Rules.SelectMany(rule => rule.FactNames);

        public override FactAnswer Judge(FactSet facts)
        {
            var answers = Rules.Select(rule => rule.Judge(facts)).ToList();
            return answers.Find(answer => !answer.Holds) ?? FactAnswer.Yes(string.Join("; ", answers.Select(answer => answer.Found)));
        }
    }

    /// <summary>One of the rules must hold; where none does, every alternative says what it found, the nearest one the reason.</summary>
    public sealed record Any(IReadOnlyList<FactRule> Rules) : FactRule
    {
        public override string Text => Join(Rules, " or ");

        public override IEnumerable<string> FactNames => Rules.SelectMany(rule => rule.FactNames);

        public override FactAnswer Judge(FactSet facts)
        {
            var answers = new List<FactAnswer>();
            foreach (var rule in Rules)
            {
                var answer = rule.Judge(facts);
                if (answer.Holds)
                {
                    return answer;
                }

                answers.Add(answer);
            }

            // a Mac that is too old is refused for its age, not for being no iPhone
            var nearest = Rules.Zip(answers).MaxBy(alternative => Met(alternative.First, facts)).Second;
            return nearest with { Found = string.Join("; or ", answers.Select(answer => answer.Found).Distinct()) };
        }

        private static int Met(FactRule rule, FactSet facts) =>
            rule is All all ? all.Rules.Count(part => part.Judge(facts).Holds) : 0;
    }

    /// <summary>None of the rules may hold. A rule that cannot be decided counts against the device: what is not known is not ruled out.</summary>
    public sealed record None(IReadOnlyList<FactRule> Rules) : FactRule
    {
        public override string Text => $"not ({Join(Rules, " or ")})";

        public override IEnumerable<string> FactNames => Rules.SelectMany(rule => rule.FactNames);

        public override FactAnswer Judge(FactSet facts)
        {
            var answers = Rules.Select(rule => rule.Judge(facts)).ToList();
            return answers.Find(answer => !answer.Holds && answer.Reason != Reasons.FactDifferent)
                ?? (answers.Find(answer => answer.Holds) is { } held
                    ? FactAnswer.No(Reasons.FactDifferent, held.Found)
                    : FactAnswer.Yes(string.Join("; ", answers.Select(answer => answer.Found))));
        }
    }

    /// <summary>The fact is there and has a value; or is absent; or is there, but blank.</summary>
    public sealed record Presence(string Fact, FactPresence Wanted) : FactRule
    {
        public override string Text => $"{Fact} is {Wanted.ToString().ToLowerInvariant()}";

        public override IEnumerable<string> FactNames => [Fact];

        public override FactAnswer Judge(FactSet facts)
        {
            var fact = facts.Find(Fact);
            if (fact is { Proven: false })
            {
                return FactAnswer.Unproven(Fact);
            }

            var found = fact is null ? FactPresence.Absent : IsBlank(fact) ? FactPresence.Blank : FactPresence.Present;
            return found == Wanted ? FactAnswer.Yes($"{Fact} is {Word(found)}") : found switch
            {
                FactPresence.Absent => FactAnswer.Absent(Fact),
                FactPresence.Blank => FactAnswer.Blank(Fact),
                _ => FactAnswer.No(Reasons.FactDifferent, $"{Fact} is {fact!.Value}"),
            };
        }

        private static string Word(FactPresence presence) => presence.ToString().ToLowerInvariant();
    }

    /// <summary>The fact's value passes a test.</summary>
    public sealed record Comparison(string Fact, FactTest Test) : FactRule
    {
        public override string Text => $"{Fact} {Test.Text}";

        public override IEnumerable<string> FactNames => [Fact];

        public override FactAnswer Judge(FactSet facts)
        {
            if (facts.Find(Fact) is not { } fact)
            {
                return FactAnswer.Absent(Fact);
            }

            if (!fact.Proven)
            {
                return FactAnswer.Unproven(Fact);
            }

            if (IsBlank(fact))
            {
                return FactAnswer.Blank(Fact);
            }

            var found = $"{Fact} is {fact.Value}";
            return Test.Passes(fact.Value) switch
            {
                true => FactAnswer.Yes(found),
                false => FactAnswer.No(Reasons.FactDifferent, found),
                null => FactAnswer.No(Reasons.FactNotComparable, $"{found}, which cannot be compared with {Test.Operand}"),
            };
        }
    }

    private static bool IsBlank(Fact fact) => fact.Value is FactValue.Blank || fact.Value.ToString().Length == 0;

    private static string Join(IReadOnlyList<FactRule> rules, string word) =>
        string.Join(word, rules.Select(rule => rules.Count > 1 && rule is All { Rules.Count: > 1 } or Any { Rules.Count: > 1 } ? $"({rule.Text})" : rule.Text));
}

/// <summary>What a rule may say about a fact being there.</summary>
internal enum FactPresence
{
    Present,
    Absent,
    Blank,
}

/// <summary>What became of a rule.</summary>
/// <param name="Holds">True if the facts meet it.</param>
/// <param name="Reason">Why not; null where it holds.</param>
/// <param name="Found">What was compared.</param>
internal sealed record FactAnswer(bool Holds, Reason? Reason, string Found)
{
    public static FactAnswer Yes(string found) => new(true, null, found);

    public static FactAnswer No(Reason reason, string found) => new(false, reason, found);

    public static FactAnswer Absent(string fact) => No(Reasons.FactAbsent, $"{fact} is absent");

    public static FactAnswer Blank(string fact) => No(Reasons.FactBlank, $"{fact} is blank");

    public static FactAnswer Unproven(string fact) => No(Reasons.FactUnproven, $"{fact} is not proven");
}
