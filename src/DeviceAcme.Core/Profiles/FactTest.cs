using System.Globalization;
using DeviceAcme.Attestation;

namespace DeviceAcme.Core.Profiles;

/// <summary>A test of one value.</summary>
internal abstract record FactTest
{
    private FactTest()
    {
    }

    /// <summary>The test as people read it, after the fact's name.</summary>
    public abstract string Text { get; }

    /// <summary>What is compared with, as people read it.</summary>
    public abstract string Operand { get; }

    /// <summary>True or false; null where the value cannot be compared with the operand.</summary>
    public abstract bool? Passes(FactValue value);

    /// <summary>Equal, character for character, to one of the texts; or to none of them.</summary>
    public sealed record OneOf(IReadOnlyList<string> Texts, bool Negated) : FactTest
    {
        public override string Text => Texts.Count == 1
            ? $"{(Negated ? "!=" : "=")} {Texts[0]}"
            : $"{(Negated ? "not in" : "in")} {Operand}";

        public override string Operand => Texts.Count == 1 ? Texts[0] : $"[{string.Join(", ", Texts)}]";

        public override bool? Passes(FactValue value) => Texts.Contains(value.ToString(), StringComparer.Ordinal) != Negated;
    }

    /// <summary>The whole value matches one of the patterns.</summary>
    public sealed record Matches(IReadOnlyList<AllowPattern> Patterns) : FactTest
    {
        public override string Text => $"matches {Operand}";

        public override string Operand => string.Join(" or ", Patterns);

        public override bool? Passes(FactValue value)
        {
            var text = value.ToString();
            return Patterns.Any(pattern => pattern.Matches(text));
        }
    }

    /// <summary>Before, at or after the operand: whole numbers and dotted versions by their numbers, times by the clock.</summary>
    public sealed record Order(FactOrder Relation, string Limit) : FactTest
    {
        public override string Text => $"{Sign(Relation)} {Limit}";

        public override string Operand => Limit;

        public override bool? Passes(FactValue value) => Compare(value, Limit) is { } order
            ? Relation switch
            {
                FactOrder.Less => order < 0,
                FactOrder.LessOrEqual => order <= 0,
                FactOrder.GreaterOrEqual => order >= 0,
                _ => order > 0,
            }
            : null;

        /// <summary>True for what values can be ordered against: 5, 14.2.1, 2026-01-31.</summary>
        public static bool IsOperand(string text) => DottedVersion.TryParse(text, out _) || TryParseTime(text, out _);

        private static int? Compare(FactValue value, string operand)
        {
            if (value is FactValue.Instant instant)
            {
                return TryParseTime(operand, out var time) ? instant.Value.CompareTo(time) : null;
            }

            return value is FactValue.Text or FactValue.Number
                && DottedVersion.TryParse(value.ToString(), out var left)
                && DottedVersion.TryParse(operand, out var right)
                    ? left.CompareTo(right)
                    : null;
        }

        private static bool TryParseTime(string text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(
            text,
            ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss'Z'"],
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out time);

        private static string Sign(FactOrder relation) => relation switch
        {
            FactOrder.Less => "<",
            FactOrder.LessOrEqual => "<=",
            FactOrder.GreaterOrEqual => ">=",
            _ => ">",
        };
    }
}

/// <summary>Where a value must stand.</summary>
internal enum FactOrder
{
    Less,
    LessOrEqual,
    GreaterOrEqual,
    Greater,
}
