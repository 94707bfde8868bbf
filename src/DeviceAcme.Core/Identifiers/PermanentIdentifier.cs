using DeviceAcme.Core.Challenges;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Identifiers;

/// <summary>A device's permanent identifier, <c>value</c> or <c>value/assigner-OID</c> (device-attest §3). Never trimmed, folded or normalized.</summary>
internal sealed class PermanentIdentifier : IIdentifierType
{
    public string Name => AcmeIdentifier.PermanentIdentifier;

    public string Read(string value) => DeviceIdentifierGrammar.Read(Name, value, requireOid: false);

    public bool CanProve(string challengeType, bool wildcard) => challengeType == ChallengeTypes.DeviceAttest01;
}
