using DeviceAcme.Core.Devices;

namespace DeviceAcme.Core.Profiles;

/// <summary>What a profile does about each anomaly.</summary>
internal sealed class AnomalyRules(IReadOnlyDictionary<string, AnomalyResponse> said)
{
    /// <summary>The usual answers.</summary>
    public static AnomalyRules Usual { get; } = new(new Dictionary<string, AnomalyResponse>());

    public AnomalyResponse Of(AnomalyKind kind) => said.TryGetValue(kind.Name, out var response) ? response : kind.Usual;
}

/// <summary>Reads the <c>anomalies:</c> part of a profile file.</summary>
internal static class AnomalySection
{
    private static readonly Dictionary<string, AnomalyResponse> Responses =
        Enum.GetValues<AnomalyResponse>().ToDictionary(AnomalyKinds.Name, response => response, StringComparer.Ordinal);

    public static AnomalyRules Read(ProfileNode? node) => node is null
        ? AnomalyRules.Usual
        : new AnomalyRules(node.Properties([.. AnomalyKinds.All.Select(kind => kind.Name)]).ToDictionary(rule => rule.Key, rule => rule.Value.Choice(Responses), StringComparer.Ordinal));
}
