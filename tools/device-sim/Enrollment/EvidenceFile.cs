namespace DeviceAcme.Simulator.Enrollment;

/// <summary>The attestation object beside the keys, for offline verification.</summary>
internal static class EvidenceFile
{
    public static (string What, string Path) Save(byte[] attestationObject, string folder)
    {
        var path = Path.Combine(folder, "attestation.cbor");
        File.WriteAllBytes(path, attestationObject);
        return ("evidence", path);
    }
}
