using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Bench.Crashes;

/// <summary>
/// One account that enrolls Macs and revokes some of the certificates until the server dies, and writes down each answer as soon as it has it.
/// Afterwards it asks for all of it again, and brings to an end what was cut short.
/// </summary>
internal sealed class CrashClient(int number, string directory, AppleVendor vendor, TimeProvider time, CrashNotes notes) : IDisposable
{
    private const int RevokedEvery = 3;

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly List<NotedOrder> _orders = [];
    private string? _account;
    private int _enrollments;

    // orders before this one were seen to be whole after a crash; the last round looks at all of them again
    private int _verified;

    /// <summary>Enrolls until there is no answer any more.</summary>
    public async Task Work(HttpClient http, CancellationToken cancellation)
    {
        try
        {
            var client = Client(http);
            if (_account is null)
            {
                _account = (await client.Register(new AccountRegistration { TermsOfServiceAgreed = true }, cancellation)).Url;
                notes.Account();
            }

            while (true)
            {
                await Enroll(client, cancellation);
            }
        }
        catch (AcmeClientException dead) when (dead.Problem is null or { Reason: "store-away" })
        {
            // the server was killed, or its database: what counts stands in the notes
            return;
        }
        catch (AcmeClientException refused)
        {
            notes.Problem($"client {number}: {refused.Message}");
        }
    }

    /// <summary>Asks a new process for everything that is noted, and finishes what is not finished.</summary>
    public async Task Verify(HttpClient http, bool all, CancellationToken cancellation)
    {
        if (_account is null)
        {
            return;
        }

        var client = Client(http);
        try
        {
            if ((await client.Account(cancellation)).Status != "valid")
            {
                notes.Problem($"account {_account} was valid and is no more");
            }
        }
        catch (AcmeClientException lost)
        {
            notes.Problem($"account {_account}: {lost.Message}");
            return;
        }

        foreach (var order in _orders.Skip(all ? 0 : _verified))
        {
            try
            {
                await Verify(client, order, cancellation);
            }
            catch (AcmeClientException lost)
            {
                notes.Problem($"order {order.Url}, last seen {order.Status}: {lost.Message}");
            }
        }

        _verified = _orders.Count;
    }

    /// <summary>Serial numbers whose revocation was acknowledged, big-endian.</summary>
    public IEnumerable<byte[]> Revoked => _orders.Where(order => order.Revoked is not null).Select(order => order.Revoked!);

    public void Dispose()
    {
        _key.Dispose();
        _orders.ForEach(order => order.Key.Dispose());
    }

    private async Task Enroll(AcmeClient client, CancellationToken cancellation)
    {
        var serial = $"C02X{number:00}{_enrollments++:000000}";
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var made = await client.NewOrder(new NewOrderRequest([new AcmeIdentifier("permanent-identifier", serial)]), cancellation);
        var order = new NotedOrder
        {
            Url = made.Url,
            Serial = serial,
            Key = key,
            Csr = DeviceKeys.Request(DeviceKeys.CommonName(serial), key).CreateSigningRequest(),
            // each client begins elsewhere, so that short lives see revocations too
            ToBeRevoked = (_enrollments + number) % RevokedEvery == 0,
        };
        _orders.Add(order);
        notes.Order();
        await Finish(client, order, made.Value, cancellation);
        await RevokeWhereDue(client, order, cancellation);
    }

    private async Task RevokeWhereDue(AcmeClient client, NotedOrder order, CancellationToken cancellation)
    {
        if (!order.ToBeRevoked || order.Revoked is not null)
        {
            return;
        }

        using var certificate = X509Certificate2.CreateFromPem(order.Chain);
        var before = order.RevocationAsked;
        order.RevocationAsked = true;
        try
        {
            await client.Revoke(certificate.RawDataMemory, cancellation: cancellation);
        }
        catch (AcmeClientException done) when (before && done.Problem?.Type == Problems.Namespace + "alreadyRevoked")
        {
            // it was stored, and the process died before its answer
        }

        order.Revoked = certificate.SerialNumberBytes.ToArray();
        notes.Revocation();
    }

    /// <summary>From wherever the order is to its certificate.</summary>
    private async Task Finish(AcmeClient client, NotedOrder order, OrderObject seen, CancellationToken cancellation)
    {
        if (seen.Status == "pending")
        {
            var authorization = await client.Authorization(seen.Authorizations[0], cancellation);
            if (authorization.Status == "pending")
            {
                var challenge = authorization.Challenges.Single();
                var evidence = new AppleMaker(vendor, time.GetUtcNow()) { Device = AppleDevice.Mac(order.Serial) }
                    .Make(new ChallengeMaterial(challenge.Token!, KeyAuthorization.Of(challenge.Token!, client.AccountKey)), order.Key);
                await client.AnswerWithEvidence(challenge, evidence.AttestationObject, cancellation: cancellation);
            }

            seen = await client.Order(order.Url, cancellation);
            order.Status = seen.Status;
        }

        if (seen.Status == "ready")
        {
            seen = await client.Finalize(seen, order.Csr, cancellation);
            order.Status = seen.Status;
        }

        if (seen.Status != "valid")
        {
            throw new AcmeClientException("order", $"{order.Url} is {seen.Status} and was to be valid", new Problem { Type = "about:blank", Detail = seen.Error?.Detail ?? "" });
        }

        order.Certificate = seen.Certificate;
        order.Chain = (await client.DownloadChain(seen.Certificate!, cancellation)).Pem;
        notes.Certificate();
    }

    private async Task Verify(AcmeClient client, NotedOrder order, CancellationToken cancellation)
    {
        var seen = await client.Order(order.Url, cancellation);
        if (Rank(seen.Status) < Rank(order.Status))
        {
            notes.Problem($"order {order.Url} was {order.Status} and is {seen.Status}");
            return;
        }

        if (order.Certificate is not null && seen.Certificate != order.Certificate)
        {
            notes.Problem($"order {order.Url} had the certificate {order.Certificate} and has {seen.Certificate}");
            return;
        }

        if (order.Chain is null)
        {
            await Finish(client, order, seen, cancellation);
        }
        else if ((await client.DownloadChain(order.Certificate!, cancellation)).Pem != order.Chain)
        {
            notes.Problem($"certificate {order.Certificate} is another one than it was");
            return;
        }

        await RevokeWhereDue(client, order, cancellation);
    }

    private AcmeClient Client(HttpClient http)
    {
        var client = new AcmeClient(http, directory, JwsSigner.For(_key), new AcmeClientOptions { Time = time, UserAgent = "deviceacme-bench" });
        if (_account is not null)
        {
            client.UseAccount(_account);
        }

        return client;
    }

    // an order that becomes invalid has gone back behind everything
    private static int Rank(string status) => status switch
    {
        "pending" => 1,
        "ready" => 2,
        "processing" => 3,
        "valid" => 4,
        _ => 0,
    };
}
