using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Bench.Enrollments;

/// <summary>Macs with Managed Device Attestation and P-384 keys.</summary>
/// <remarks>The evidence holds the challenge's token, so it is made while the clock runs: on this side, not on the server's.</remarks>
internal sealed class AppleKind(AppleVendor vendor, DateTimeOffset now) : IEnrollmentKind
{
    public string Name => "apple";

    public string Profile => "apple-device";

    public string ChallengeType => "device-attest-01";

    /// <summary>The serial number of a device.</summary>
    public static string Identifier(int number) => $"C02B{number:00000000}";

    public Candidate Prepare(int number)
    {
        var serial = Identifier(number);
        return new Candidate("permanent-identifier", serial, ECDsa.Create(ECCurve.NamedCurves.nistP384), DeviceKeys.CommonName(serial), _ => { });
    }

    public byte[] Answer(Candidate candidate, string token, string keyAuthorization)
    {
        var maker = new AppleMaker(vendor, now) { Device = AppleDevice.Mac(candidate.Identifier) };
        var evidence = maker.Make(new ChallengeMaterial(token, keyAuthorization), candidate.Key);
        return Encoding.ASCII.GetBytes($$"""{"attObj":"{{Base64Url.Encode(evidence.AttestationObject)}}"}""");
    }

    // judged within the challenge's own request
    public Task Validated(string token, CancellationToken cancellation) => Task.CompletedTask;
}
