using System.Reflection;
using System.Text.RegularExpressions;

namespace DeviceAcme.Simulator.Makers;

/// <summary>What is wrong, and the classes of refusal that a right verifier may answer with (the words of the corpus).</summary>
/// <remarks>No class: the evidence is right in itself, or the request is refused before it is looked at; the description says which.</remarks>
[AttributeUsage(AttributeTargets.Field)]
internal sealed class FaultAttribute(string description, params string[] classes) : Attribute
{
    /// <summary>The type of problem where a right server finds the evidence bad (device-attest §5).</summary>
    public const string BadStatement = "badAttestationStatement";

    public string Description { get; } = description;
    public IReadOnlyList<string> Classes { get; } = classes;

    /// <summary>The reason code that DeviceAcme gives.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The one kind of device that has it, where others of its format do not.</summary>
    public string? Only { get; init; }

    /// <summary>The type of problem (RFC 8555 §6.7).</summary>
    public string Problem { get; init; } = BadStatement;
}

/// <summary>Faults by the kebab-case names of the command line.</summary>
internal static partial class Faults
{
    public static string NameOf<TFault>(TFault fault)
        where TFault : struct, Enum => Humps().Replace(fault.ToString(), "$1-$2").ToLowerInvariant();

    public static bool TryParse<TFault>(string name, out TFault fault)
        where TFault : struct, Enum
    {
        foreach (var known in Enum.GetValues<TFault>())
        {
            if (NameOf(known) == name)
            {
                fault = known;
                return true;
            }
        }

        fault = default;
        return false;
    }

    public static FaultAttribute Describe<TFault>(TFault fault)
        where TFault : struct, Enum =>
        typeof(TFault).GetField(fault.ToString())?.GetCustomAttribute<FaultAttribute>()
        ?? throw new InvalidOperationException($"{typeof(TFault).Name}.{fault} has no description");

    [GeneratedRegex("([a-z0-9])([A-Z])")]
    private static partial Regex Humps();
}
