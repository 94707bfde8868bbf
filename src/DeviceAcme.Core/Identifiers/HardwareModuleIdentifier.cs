using DeviceAcme.Core.Challenges;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Identifiers;

/// <summary>The module that made the key, <c>serial/hardware-type-OID</c> (device-attest §4). Never trimmed, folded or normalized.</summary>
internal sealed class HardwareModuleIdentifier : IIdentifierType
{
    public string Name => AcmeIdentifier.HardwareModule;

    public string Read(string value) => DeviceIdentifierGrammar.Read(Name, value, requireOid: true);

    public bool CanProve(string challengeType, bool wildcard) => challengeType == ChallengeTypes.DeviceAttest01;
}
